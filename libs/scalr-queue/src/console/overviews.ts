import { redactText } from '../observability/redaction.js';
import type { ConsoleOverview } from './console.source.js';
import { SharedRead } from './shared.read.js';

const LOOK_AGE_MS = 1_000;

/** The overview as all viewers share it: read at most once a second, and when it can not be read, as it was, which it then says. */
export class Overviews {
  private readonly looks: SharedRead<ConsoleOverview>;
  private readAt = -Infinity;
  /** As it was read last. */
  last?: ConsoleOverview;

  constructor(look: () => Promise<ConsoleOverview>) {
    this.looks = new SharedRead(async () => {
      this.last = await look();
      this.readAt = performance.now();
      return this.last;
    }, LOOK_AGE_MS);
  }

  /**
   * @param age milliseconds that it may be old
   * @throws QueueUnavailableError when nothing was ever read
   */
  async get(age = LOOK_AGE_MS): Promise<ConsoleOverview> {
    if (this.last && performance.now() - this.readAt < age) return this.last;
    try {
      return await this.looks.get();
    } catch (error) {
      if (!this.last) throw error;
      return { ...this.last, stale: redactText(error instanceof Error ? error.message : String(error)) };
    }
  }
}

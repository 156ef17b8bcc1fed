import { redactText } from '../observability/redaction.js';
import type { ConsoleOverview } from './console.source.js';
import { SharedRead } from './shared.read.js';

const LOOK_AGE_MS = 1_000;

/** The overview as all viewers share it: read at most once a second, and when it can not be read, as it was, which it then says. */
export class Overviews {
  private readonly looks: SharedRead<ConsoleOverview>;
  /** As it was read last. */
  last?: ConsoleOverview;

  constructor(look: () => Promise<ConsoleOverview>) {
    this.looks = new SharedRead(async () => (this.last = await look()), LOOK_AGE_MS);
  }

  /** @throws QueueUnavailableError when nothing was ever read */
  async get(): Promise<ConsoleOverview> {
    try {
      return await this.looks.get();
    } catch (error) {
      if (!this.last) throw error;
      return { ...this.last, stale: redactText(error instanceof Error ? error.message : String(error)) };
    }
  }
}

import type { CastListener, CastStream } from '../shared.engine.js';

/** What is said within the one process that a test is. */
export class MemoryCastStream implements CastStream {
  private readonly lines = new Map<CastListener, Promise<void>>();

  /** @param check throws where the queue does not work */
  constructor(private readonly check: () => void) {}

  async append(event: string, text: string): Promise<void> {
    this.check();
    for (const [listener, line] of this.lines)
      this.lines.set(
        listener,
        line.then(() => (this.lines.has(listener) ? listener.cast(event, text) : undefined)),
      );
  }

  listen(listener: CastListener) {
    this.lines.set(listener, Promise.resolve());
    return { stop: () => void this.lines.delete(listener), listening: Promise.resolve() };
  }
}

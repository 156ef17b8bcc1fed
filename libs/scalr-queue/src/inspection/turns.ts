import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';

interface InLine {
  readonly begin: () => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * Lets a few calls be made at a time, the others after them, so that the time limit of each is for itself. When Redis does not
 * answer one of them, all in line are refused with it.
 */
export class Turns {
  private running = 0;
  private readonly line = new Set<InLine>();

  constructor(private readonly most: number) {}

  async take<T>(call: () => Promise<T>): Promise<T> {
    if (this.running < this.most) this.running++;
    else await new Promise<void>((begin, refuse) => this.line.add({ begin, refuse }));
    try {
      return await call();
    } catch (error) {
      if (error instanceof QueueUnavailableError) this.refuseAll(error);
      throw error;
    } finally {
      this.next();
    }
  }

  private next(): void {
    const [first] = this.line;
    if (!first) {
      this.running--;
      return;
    }
    this.line.delete(first);
    first.begin();
  }

  private refuseAll(error: unknown): void {
    for (const { refuse } of this.line) refuse(error);
    this.line.clear();
  }
}

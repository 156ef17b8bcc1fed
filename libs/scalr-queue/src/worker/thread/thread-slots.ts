/** Lets so many run at a time; the others wait in line until one ends or their signal aborts. */
export class ThreadSlots {
  private readonly line = new Set<() => void>();

  constructor(private free: number) {}

  /**
   * Resolves when there is room.
   * @throws the reason of the signal when that aborts first
   */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.free > 0) {
      this.free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const next = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.line.delete(next);
        reject(signal.reason as Error);
      };
      this.line.add(next);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Gives the room to the first in line. */
  release(): void {
    const [next] = this.line;
    if (!next) {
      this.free++;
      return;
    }
    this.line.delete(next);
    next();
  }
}

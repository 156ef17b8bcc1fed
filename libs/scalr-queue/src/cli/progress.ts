import type { Cli } from './cli.js';
import { cleanText } from '../observability/clean-text.js';

const DRAW_INTERVAL_MS = 100;

/** One line on stderr that tells how far a long command is, where a person looks; it is gone when the command is done. */
export class Progress implements Disposable {
  private shownAt = -Infinity;
  private shown = false;

  constructor(private readonly cli: Cli) {}

  show(text: string): void {
    const now = performance.now();
    if (!this.cli.stderr.isTTY || this.cli.flags.json || now - this.shownAt < DRAW_INTERVAL_MS) return;
    this.shownAt = now;
    this.shown = true;
    this.cli.stderr.write(`\r\x1b[K${cleanText(text)}`);
  }

  [Symbol.dispose](): void {
    if (this.shown) this.cli.stderr.write('\r\x1b[K');
  }
}

/** Aborts at the first Ctrl-C, so that a command ends where it can; the second one ends the process. */
export class Interruption implements Disposable {
  private readonly stop = new AbortController();
  private readonly listener = () => this.stop.abort();

  constructor() {
    process.once('SIGINT', this.listener);
  }

  get signal(): AbortSignal {
    return this.stop.signal;
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.listener);
  }
}

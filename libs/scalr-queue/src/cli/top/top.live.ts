import { setTimeout as pause } from 'node:timers/promises';
import { cleanText } from '../../observability/clean-text.js';
import { Screen } from './screen.js';
import type { TopFrame, TopReader } from './top.reader.js';
import { renderTop, type TopLook } from './top.view.js';

/** Draws frame after frame until somebody quits. */
export class TopLive {
  private readonly stop = new AbortController();
  private readonly screen: Screen;
  private paused = false;
  private last?: TopFrame;
  private trouble?: string;

  constructor(
    private readonly reader: TopReader,
    private readonly interval: number,
    private readonly look: Pick<TopLook, 'app' | 'paint'>,
    private readonly stdout: NodeJS.WriteStream,
    stdin: NodeJS.ReadStream,
  ) {
    this.screen = new Screen(stdout, stdin, (key) => this.press(key));
  }

  async run(): Promise<void> {
    const draw = () => this.draw();
    this.stdout.on('resize', draw);
    try {
      while (!this.stop.signal.aborted) {
        if (!this.paused) await this.refresh();
        this.draw();
        await pause(this.interval, undefined, { signal: this.stop.signal }).catch(() => undefined);
      }
    } finally {
      this.stdout.off('resize', draw);
      this.screen.close();
    }
  }

  private async refresh(): Promise<void> {
    try {
      this.last = await this.reader.read();
      this.trouble = undefined;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    }
  }

  private press(key: string): void {
    if (key === 'q' || key === 'quit') return this.stop.abort();
    if (key !== 'p') return;
    this.paused = !this.paused;
    this.draw();
  }

  private draw(): void {
    const { width, height } = this.screen;
    const { paint } = this.look;
    const lines = this.last ? renderTop(this.last, { ...this.look, width, height: height - 2 }) : [];
    if (this.trouble) lines.push(paint.bad(cleanText(this.trouble).slice(0, width)));
    const state = this.paused ? 'paused · p go on' : `every ${this.interval / 1_000} s · p pause`;
    lines.push(paint.dim(`${state} · q quit`.slice(0, width)));
    this.screen.draw(lines);
  }
}

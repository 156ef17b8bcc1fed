import { setTimeout as pause } from 'node:timers/promises';
import { cleanText } from '../../observability/clean-text.js';
import type { Paint } from '../output/paint.js';
import { Screen } from './screen.js';

/** How a frame is shown. */
interface LiveView<Frame> {
  readonly paint: Paint;
  render(frame: Frame, size: { readonly width: number; readonly height: number }): string[];
}

/** Draws frame after frame until somebody quits. */
export class TopLive<Frame> {
  private readonly stop = new AbortController();
  private readonly screen: Screen;
  private paused = false;
  private last?: Frame;
  private trouble?: string;

  constructor(
    private readonly reader: { read(): Promise<Frame> },
    private readonly interval: number,
    private readonly view: LiveView<Frame>,
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
    const { paint } = this.view;
    const lines = this.last ? this.view.render(this.last, { width, height: height - 2 }) : [];
    if (this.trouble) lines.push(paint.bad(cleanText(this.trouble).slice(0, width)));
    const state = this.paused ? 'paused · p go on' : `every ${this.interval / 1_000} s · p pause`;
    lines.push(paint.dim(`${state} · q quit`.slice(0, width)));
    this.screen.draw(lines);
  }
}

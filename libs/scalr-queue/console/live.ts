import type { Act, Overview } from './api.js';

/** What comes over the live stream. */
export interface LiveNews {
  readonly overview: (overview: Overview) => void;
  /** Nothing has changed since; it was read anew. */
  readonly same: (at: string) => void;
  readonly acts: (acts: readonly Act[]) => void;
  /** There is nothing to be shown, and why. */
  readonly trouble: (message: string) => void;
}

/** Without a word for so long the stream counts as gone, though a browser may not know it yet. */
const SILENCE_MS = 5_000;
/** A stream that was refused is asked for again. */
const AGAIN_MS = 30_000;

/** News of the console as they come, for as long as somebody looks: a browser has few connections to one host. */
export class LiveStream {
  private source?: EventSource;
  private heardAt = -Infinity;
  private refusedAt = -Infinity;

  constructor(private readonly news: LiveNews) {}

  /** Whether news come by themselves. Where they do not, somebody has to ask. */
  get isLive(): boolean {
    return this.source !== undefined && performance.now() - this.heardAt < SILENCE_MS;
  }

  /** Listens, or does not; may be called again and again. */
  listen(wanted: boolean): void {
    if (!wanted) {
      this.source?.close();
      this.source = undefined;
    } else if (!this.source && performance.now() - this.refusedAt > AGAIN_MS) this.source = this.open();
  }

  private open(): EventSource {
    const source = new EventSource('api/stream');
    const hear = (event: string, tell: (data: never) => void) =>
      source.addEventListener(event, ({ data }: MessageEvent<string>) => {
        this.heardAt = performance.now();
        tell(JSON.parse(data) as never);
      });
    hear('overview', this.news.overview);
    hear('same', ({ at }: { at: string }) => this.news.same(at));
    hear('acts', ({ acts }: { acts: Act[] }) => this.news.acts(acts));
    hear('trouble', ({ message }: { message: string }) => this.news.trouble(message));
    source.addEventListener('error', () => {
      this.heardAt = -Infinity;
      // A browser comes back by itself unless it was refused.
      if (source.readyState !== EventSource.CLOSED) return;
      this.refusedAt = performance.now();
      if (this.source === source) this.source = undefined;
    });
    return source;
  }
}

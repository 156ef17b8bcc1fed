import type { ServerResponse } from 'node:http';

/** One who looks on, by server-sent events. What they have not read yet is held once: nothing is added until they have read it. */
export class EventStream {
  /** Since when they have read nothing, by `performance.now()`. */
  private fullSince?: number;
  private spokeAt = performance.now();

  constructor(private readonly response: ServerResponse) {
    response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
    // Whatever compresses, or collects, would keep the news from them.
    response.setHeader('Cache-Control', 'no-store, no-transform');
    response.setHeader('X-Accel-Buffering', 'no');
    response.flushHeaders();
    response.on('drain', () => (this.fullSince = undefined));
  }

  /** Sends text as it is. @returns false when it was left out: what was sent before is not read yet */
  send(text: string): boolean {
    if (this.fullSince !== undefined || this.response.writableEnded) return false;
    this.spokeAt = performance.now();
    if (!this.response.write(text)) this.fullSince = performance.now();
    return true;
  }

  /** For how many milliseconds nothing was sent. */
  get silentFor(): number {
    return performance.now() - this.spokeAt;
  }

  /** For how many milliseconds they have not read; 0 for one that reads. */
  get behindFor(): number {
    return this.fullSince === undefined ? 0 : performance.now() - this.fullSince;
  }

  /** Goes on when the connection has ended, from either side. */
  onClose(listener: () => void): void {
    this.response.on('close', listener);
  }

  end(): void {
    this.response.end();
  }

  /** Ends it without waiting until all is read. */
  drop(): void {
    this.response.destroy();
  }
}

/** An event as it goes over the line. JSON has no line break. */
export const eventText = (event: string, id: string, data: unknown): string =>
  `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/** What a browser leaves unheard. */
export const HEARTBEAT = ':\n\n';

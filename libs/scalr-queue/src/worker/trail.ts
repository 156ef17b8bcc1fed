import { describeThrown, isError } from '../engine/failure.js';
import { plainJson } from '../contract/plain-json.js';
import { KEPT_LOG_LINES } from '../contract/defaults.js';
import { counted } from '../contract/counted.js';

/** Progress and log lines of an attempt are written this often at most, however often a handler reports them. */
const WRITE_INTERVAL_MS = 200;
const PROGRESS_LIMIT = 16 * 1_024;
const LINE_LIMIT = 8 * 1_024;

/** The answer to what is written later. */
export const DONE = Promise.resolve();

/** Where the trail of an attempt goes. What it rejects with is nobody's failure. */
export interface TrailSink {
  progress(value: number | object): Promise<unknown>;
  log(lines: readonly string[]): Promise<unknown>;
  /** Progress that cannot be stored was ignored. */
  ignored(): void;
}

/**
 * What a handler reports while it runs. The latest progress wins; of log lines no more wait than are kept with a job, and those
 * dropped are counted in a line. One write is on its way at a time, so that calls which nobody waits for cost next to nothing.
 */
export class Trail {
  private value?: { readonly reported: unknown };
  private lines: string[] = [];
  private dropped = 0;
  private lastAt = -Infinity;
  private writing = false;
  private timer?: NodeJS.Timeout;
  private ended = false;

  constructor(private readonly sink: TrailSink) {}

  /** Resolves when it is written, or at once where it is written later. Never rejects. */
  progress(reported: unknown): Promise<void> {
    if (this.ended) return DONE;
    this.value = { reported };
    return this.writeSoon();
  }

  /** Like {@link progress}. */
  log(message: unknown): Promise<void> {
    if (this.ended) return DONE;
    this.lines.push(lineOf(message));
    if (this.lines.length > KEPT_LOG_LINES) {
      this.lines.shift();
      this.dropped++;
    }
    return this.writeSoon();
  }

  /** Writes what is left; nothing is taken any more. Resolves when it is written. */
  end(): Promise<void> {
    this.ended = true;
    return this.write();
  }

  private writeSoon(): Promise<void> {
    const wait = this.lastAt + WRITE_INTERVAL_MS - performance.now();
    // A handler that computes leaves timers no turn: the time itself is looked at.
    if (wait <= 0 && !this.writing) return this.write();
    this.timer ??= setTimeout(() => void this.write(), Math.max(1, wait));
    return DONE;
  }

  private async write(): Promise<void> {
    clearTimeout(this.timer);
    delete this.timer;
    if (this.writing && !this.ended) {
      this.timer = setTimeout(() => void this.write(), WRITE_INTERVAL_MS);
      return;
    }
    const writes = [...this.progressWrites(), ...this.logWrites()];
    if (writes.length === 0) return;
    this.lastAt = performance.now();
    this.writing = true;
    await Promise.allSettled(writes);
    this.writing = false;
  }

  private *progressWrites() {
    if (!this.value) return;
    const value = progressOf(this.value.reported);
    delete this.value;
    if (value === undefined) this.sink.ignored();
    else yield this.sink.progress(value);
  }

  private *logWrites() {
    if (this.lines.length === 0) return;
    let { lines } = this;
    this.lines = [];
    if (this.dropped > 0) {
      lines = lines.slice(-(KEPT_LOG_LINES - 1));
      lines.unshift(
        `(${counted(this.dropped, 'line')} of ctx.log ${this.dropped === 1 ? 'was' : 'were'} dropped: there were too many at a time)`,
      );
    }
    yield this.sink.log(lines);
  }
}

/** A number, or what JSON makes of an object; undefined where that is nothing, or too large. */
function progressOf(reported: unknown): number | object | undefined {
  if (typeof reported === 'number') return Number.isFinite(reported) ? reported : undefined;
  if (typeof reported !== 'object') return undefined;
  const plain = plainJson(reported, PROGRESS_LIMIT);
  return typeof plain === 'object' && plain !== null ? plain : undefined;
}

/** A line of the log, whatever was logged. */
function lineOf(message: unknown): string {
  return textOf(message).slice(0, LINE_LIMIT).toWellFormed();
}

function textOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (isError(message)) {
    const { name, message: text } = describeThrown(message);
    return text === '' ? name : `${name}: ${text}`;
  }
  const plain = typeof message === 'object' ? plainJson(message, LINE_LIMIT) : undefined;
  try {
    return plain === undefined ? String(message) : JSON.stringify(plain);
  } catch {
    return `a value of type ${typeof message}`;
  }
}

import type { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import type { CastListener } from '../shared.engine.js';
import { DRAIN_DELAY_SECONDS, type RedisClient } from './connection/redis.client.js';
import type { RedisConnections } from './connection/redis.connections.js';

/** Casts of one read. */
const PAGE = 100;
/** How long, in milliseconds, after a read that failed: Redis is away, or refuses. */
const PAUSE = 250;

interface Cast {
  readonly id: string;
  /** Its number in its series. */
  readonly number: number;
  readonly series: string;
  readonly event: string;
  readonly text: string;
}

/**
 * Reads a stream from where it was when the reader began, over outages, failovers and an emptied Redis: its place is its own, and the
 * numbers of the casts say whether one is missing.
 */
export class CastReader {
  /** Resolves when every cast from then on is heard. */
  readonly listening: Promise<void>;
  private readonly client: RedisClient;
  private readonly stopped = new AbortController();
  private begin: () => void = () => undefined;
  private place = '0-0';
  private last?: Pick<Cast, 'number' | 'series'>;

  constructor(
    private readonly connections: RedisConnections,
    private readonly stream: string,
    private readonly listener: CastListener,
  ) {
    this.listening = new Promise((resolve) => (this.begin = resolve));
    // A copy of the one that fails fast waits out outages, and may block.
    this.client = (connections.producer as Redis).duplicate();
    void this.run();
  }

  stop(): void {
    this.stopped.abort();
    this.client.disconnect();
  }

  private async run(): Promise<void> {
    await this.untilDone(async () => {
      const tail = await this.tail();
      if (tail) [this.place, this.last] = [tail.id, tail];
    });
    this.begin();
    let interrupted = false;
    while (!this.stopped.signal.aborted) {
      if (interrupted) await this.untilDone(() => this.lookBack());
      interrupted = !(await this.attempt(() => this.read()));
    }
  }

  private async read(): Promise<void> {
    const reply = await this.client.xread(
      'COUNT', PAGE, 'BLOCK', DRAIN_DELAY_SECONDS * 1_000, 'STREAMS', this.stream, this.place,
    ); // prettier-ignore
    for (const [id, fields] of reply?.[0]?.[1] ?? []) {
      if (this.stopped.signal.aborted) return;
      await this.hear(castOf(id, fields));
    }
  }

  private async hear(cast: Cast): Promise<void> {
    const { last } = this;
    this.place = cast.id;
    this.last = cast;
    if (last && cast.series !== last.series) await this.listener.gap(undefined);
    // After a failover numbers that were lost with the old master are given again.
    else if (last && cast.number > last.number + 1) await this.listener.gap(cast.number - last.number - 1);
    else if (!last && cast.number > 1) await this.listener.gap(cast.number - 1);
    await this.listener.cast(cast.event, cast.text);
  }

  /** A failover may have lost the end of the stream, and what comes next then has a smaller id than the last one that was read. */
  private async lookBack(): Promise<void> {
    const tail = await this.tail();
    if (!tail || !isBefore(tail.id, this.place)) return;
    [this.place, this.last] = [tail.id, tail];
  }

  private async tail(): Promise<Cast | undefined> {
    const [last] = await this.client.xrevrange(this.stream, '+', '-', 'COUNT', 1);
    return last && castOf(...last);
  }

  private async untilDone(work: () => Promise<void>): Promise<void> {
    while (!this.stopped.signal.aborted && !(await this.attempt(work)));
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (this.stopped.signal.aborted) return false;
      this.connections.log.trouble(error as Error);
      await pause(PAUSE, undefined, { ref: false });
      return false;
    }
  }
}

function castOf(id: string, fields: readonly string[]): Cast {
  const values: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) values[fields[at]!] = fields[at + 1]!;
  const { n = '0', s: series = '', e: event = '', p: text = 'null' } = values;
  return { id, number: Number(n), series, event, text };
}

function isBefore(one: string, other: string): boolean {
  const [time = 0, count = 0] = one.split('-').map(Number);
  const [otherTime = 0, otherCount = 0] = other.split('-').map(Number);
  return time < otherTime || (time === otherTime && count < otherCount);
}

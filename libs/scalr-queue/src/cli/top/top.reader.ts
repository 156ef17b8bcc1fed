import { QueueRegistry } from '../../connection/queue.registry.js';
import { RedisConnections } from '../../connection/redis.connections.js';
import { AppState, type AppSnapshot } from '../../inspection/app.state.js';
import { JobReader } from '../../inspection/job.reader.js';
import { parseFailure } from '../../jobs/failure.js';
import type { Session } from '../session.js';
import { type Rates, RateMeter } from './top.rates.js';

/** What is shown at one moment. */
export interface TopFrame extends AppSnapshot {
  /** Epoch milliseconds. */
  readonly at: number;
  /** By queue, as its workers counted. */
  readonly rates: ReadonlyMap<string, Rates>;
  /** Whether the rates are averages since the workers started, for want of a second sign of life. */
  readonly sinceStart: boolean;
  /** By queue: the jobs that it gained a second since the last look; below zero when it shrinks. */
  readonly growth: ReadonlyMap<string, number>;
  /** Why the newest dead jobs are dead; the most frequent first. */
  readonly deadReasons: readonly { readonly reason: string; readonly jobs: number }[];
}

/** Dead jobs per queue that are looked at. */
const DEAD_LOOKS = 25;
/** Queues whose dead jobs are looked at. */
const DEAD_QUEUES = 20;

/** Reads a frame in five round trips, whose cost does not grow with the backlog. */
export class TopReader {
  private readonly state: AppState;
  private readonly jobs: JobReader;
  private readonly queues: QueueRegistry;
  private readonly connections: RedisConnections;
  private readonly meter = new RateMeter();
  private last?: TopFrame;

  constructor(session: Session) {
    this.state = session.get(AppState);
    this.jobs = session.get(JobReader);
    this.queues = session.get(QueueRegistry);
    this.connections = session.get(RedisConnections);
  }

  /** @throws QueueUnavailableError within 1.1 s */
  read(): Promise<TopFrame> {
    return this.jobs.bounded(async () => {
      const snapshot = await this.state.read();
      const withDead = snapshot.queues.filter(({ dead }) => dead > 0).slice(0, DEAD_QUEUES);
      const deadReasons = await this.readReasons(withDead.map(({ name }) => name));
      const { workers } = snapshot;
      this.meter.see(workers);
      const rates = this.meter.rates(workers);
      const { sinceStart } = this.meter;
      const at = Date.now();
      const growth = growthSince(this.last, snapshot.queues, at);
      return (this.last = { ...snapshot, at, rates, sinceStart, growth, deadReasons });
    });
  }

  private async readReasons(names: readonly string[]): Promise<TopFrame['deadReasons']> {
    const newest = await this.pipeline(
      names.map((name) => ['zrevrange', this.queues.get(name).toKey('failed'), '0', String(DEAD_LOOKS - 1)]),
    );
    const reasons = await this.pipeline(
      names.flatMap((name, at) =>
        (newest[at] as string[]).map((id) => ['hget', this.queues.get(name).toKey(id), 'failedReason']),
      ),
    );
    const counts = new Map<string, number>();
    for (const text of reasons) {
      if (typeof text !== 'string') continue;
      const { kind, error } = parseFailure(text);
      const reason = `${kind}: ${error.name}${error.code ? ` [${error.code}]` : ''}`;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    return [...counts]
      .map(([reason, jobs]) => ({ reason, jobs }))
      .toSorted((one, other) => other.jobs - one.jobs);
  }

  private async pipeline(commands: string[][]): Promise<unknown[]> {
    if (commands.length === 0) return [];
    const pipeline = this.connections.producer.pipeline(commands);
    return ((await pipeline.exec()) ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    });
  }
}

function growthSince(
  before: TopFrame | undefined,
  queues: TopFrame['queues'],
  now: number,
): ReadonlyMap<string, number> {
  const seconds = before ? (now - before.at) / 1_000 : 0;
  if (!before || seconds <= 0) return new Map();
  const sizeOf = ({ waiting, delayed, running }: TopFrame['queues'][number]) => waiting + delayed + running;
  const sizes = new Map(before.queues.map((queue) => [queue.name, sizeOf(queue)]));
  return new Map(
    queues.map((queue) => [queue.name, (sizeOf(queue) - (sizes.get(queue.name) ?? 0)) / seconds]),
  );
}

import { QueueRegistry } from '../../connection/queue.registry.js';
import { RedisConnections } from '../../connection/redis.connections.js';
import { AppState, type AppSnapshot } from '../../inspection/app.state.js';
import { JobReader } from '../../inspection/job.reader.js';
import { parseFailure } from '../../jobs/failure.js';
import type { Session } from '../session.js';

/** What is shown at one moment. */
export interface TopFrame extends AppSnapshot {
  /** Epoch milliseconds. */
  readonly at: number;
  /** By queue: jobs that ended since the queue exists. */
  readonly ended: ReadonlyMap<string, { readonly completed: number; readonly dead: number }>;
  /** Why the newest dead jobs are dead; the most frequent first. */
  readonly deadReasons: readonly { readonly reason: string; readonly jobs: number }[];
}

/** Dead jobs per queue that are looked at. */
const DEAD_LOOKS = 25;
/** Queues whose dead jobs are looked at. */
const DEAD_QUEUES = 20;

/** Reads a frame in three round trips, whose cost does not grow with the backlog. */
export class TopReader {
  private readonly state: AppState;
  private readonly jobs: JobReader;
  private readonly queues: QueueRegistry;
  private readonly connections: RedisConnections;

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
      const names = snapshot.queues.map(({ name }) => name);
      const withDead = snapshot.queues.filter(({ dead }) => dead > 0).slice(0, DEAD_QUEUES);
      const [ended, deadReasons] = await Promise.all([
        this.readEnded(names),
        this.readReasons(withDead.map(({ name }) => name)),
      ]);
      return { ...snapshot, at: Date.now(), ended, deadReasons };
    });
  }

  private async readEnded(names: readonly string[]): Promise<TopFrame['ended']> {
    const counts = await this.pipeline(
      names.flatMap((name) => {
        const queue = this.queues.get(name);
        return [
          ['hget', queue.toKey('metrics:completed'), 'count'],
          ['hget', queue.toKey('metrics:failed'), 'count'],
        ];
      }),
    );
    const number = (index: number) => Number(counts[index] ?? 0);
    return new Map(names.map((name, at) => [name, { completed: number(2 * at), dead: number(2 * at + 1) }]));
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

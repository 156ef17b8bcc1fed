import type { QueueEngine } from '../../engine/queue.engine.js';
import { AppState, type AppSnapshot } from '../../inspection/app.state.js';
import { JobReader } from '../../inspection/job.reader.js';
import { parseFailure } from '../../engine/failure.js';
import type { Session } from '../session.js';
import { type Rates, RateMeter } from './top.rates.js';

/** What is shown at one moment. */
export interface TopFrame extends AppSnapshot {
  /** Epoch milliseconds. */
  readonly at: number;
  /** By queue, as its workers counted. */
  readonly rates: ReadonlyMap<string, Rates>;
  /** Whether the rates are averages since the workers started, for want of a second heartbeat. */
  readonly sinceStart: boolean;
  /** By queue: the jobs that it gained a second since the last look; below zero when it shrinks. */
  readonly growth: ReadonlyMap<string, number>;
  /** Why the dead jobs are dead; the most frequent first. Estimated where only a part of them was looked at. */
  readonly deadReasons: readonly { readonly reason: string; readonly jobs: number }[];
  /** Whether they are estimated. */
  readonly deadEstimated: boolean;
}

/** Dead jobs per queue that are looked at: all of so many, else as many from the newest to the oldest at equal distances. */
const DEAD_LOOKS = 100;
/** Queues whose dead jobs are looked at. */
const DEAD_QUEUES = 20;

/** Reads a frame in five round trips, whose cost does not grow with the backlog. */
export class TopReader {
  private readonly state: AppState;
  private readonly jobs: JobReader;
  private readonly engine: QueueEngine;
  private readonly meter = new RateMeter();
  private last?: TopFrame;

  constructor(session: Session) {
    this.state = session.get(AppState);
    this.jobs = session.get(JobReader);
    this.engine = session.engine;
  }

  /** Whether another look would show more: each worker sends a heartbeat every five seconds. */
  get unsettled(): boolean {
    return this.meter.unsettled;
  }

  /** @throws QueueUnavailableError within 1.1 s */
  read(): Promise<TopFrame> {
    return this.jobs.bounded(async () => {
      const snapshot = await this.state.read();
      const dead = snapshot.queues
        .filter((queue) => queue.dead > 0)
        .toSorted((one, other) => other.dead - one.dead);
      const deadReasons = await this.readReasons(dead.slice(0, DEAD_QUEUES));
      const deadEstimated = dead.length > DEAD_QUEUES || dead.some((queue) => queue.dead > DEAD_LOOKS);
      const { workers } = snapshot;
      this.meter.see(workers);
      const rates = this.meter.rates(workers);
      const { sinceStart } = this.meter;
      const at = Date.now();
      const growth = growthSince(this.last, snapshot.queues, at);
      return (this.last = { ...snapshot, at, rates, sinceStart, growth, deadReasons, deadEstimated });
    });
  }

  private async readReasons(queues: TopFrame['queues']): Promise<TopFrame['deadReasons']> {
    const looks = queues.flatMap(({ name: queue, dead }) =>
      ranksOf(dead).map(([from, to]) => ({ queue, from, to })),
    );
    const found = await this.engine.deadLetters.failuresAt(looks);
    const seen = new Map<string, number>();
    for (const { queue } of found) seen.set(queue, (seen.get(queue) ?? 0) + 1);
    const sizes = new Map(queues.map(({ name, dead }) => [name, dead]));
    const counts = new Map<string, number>();
    for (const { queue, failedReason } of found) {
      if (failedReason === undefined) continue;
      const { kind, error } = parseFailure(failedReason);
      const reason = `${kind}: ${error.name}${error.code ? ` [${error.code}]` : ''}`;
      counts.set(reason, (counts.get(reason) ?? 0) + sizes.get(queue)! / seen.get(queue)!);
    }
    return [...counts]
      .map(([reason, jobs]) => ({ reason, jobs: Math.round(jobs) }))
      .toSorted((one, other) => other.jobs - one.jobs);
  }
}

/** Which of so many dead jobs are looked at: ranges of ranks from the newest on. */
function ranksOf(dead: number): [from: number, to: number][] {
  if (dead <= DEAD_LOOKS) return [[0, DEAD_LOOKS - 1]];
  return Array.from({ length: DEAD_LOOKS }, (_, look) => {
    const rank = Math.floor((look * (dead - 1)) / (DEAD_LOOKS - 1));
    return [rank, rank];
  });
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

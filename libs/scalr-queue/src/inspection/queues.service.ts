import { Injectable } from '@nestjs/common';
import { onlyActor } from '../audit/actor.js';
import { AuditLog } from '../audit/audit.log.js';
import type { Actor } from '../contract/audit.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { QueueInfo, QueueLimits, UnhandledJob } from '../contract/queue-info.js';
import type { QueueSample, SampleOptions } from '../contract/queue-sample.js';
import type { DeployedVersion, GoneWorker, WorkerInfo } from '../contract/worker-info.js';
import type { PingResult } from '../contract/ping.js';
import { MAX_TIMEOUT, PING_TIMEOUT } from '../contract/defaults.js';
import type { Duration } from '../contract/duration.js';
import { OptionChecker } from '../contract/option-checker.js';
import { AppState } from './app.state.js';
import { JobReader } from './job.reader.js';
import { toQueueInfos } from '../engine/queue-state.js';
import { QueuePinger } from './queue.pinger.js';
import { QueueSampler } from './queue.sampler.js';
import { checkQueue } from './unknown-queue.js';

const check = new OptionChecker(InvalidOptionError);

/** Looking at queues and workers, and holding queues, from any process of the app. */
@Injectable()
export class QueuesService {
  /** @internal */
  constructor(
    private readonly state: AppState,
    private readonly engine: QueueEngine,
    private readonly reader: JobReader,
    private readonly pinger: QueuePinger,
    private readonly sampler: QueueSampler,
    private readonly audit: AuditLog,
  ) {}

  /**
   * All queues of the app: those that the options name, that a job was ever enqueued for, or that a live worker works on.
   * The cost does not grow with the backlog.
   *
   * @throws QueueUnavailableError within 1.1 s when Redis does not answer
   */
  async list(): Promise<QueueInfo[]> {
    const { queues, workers } = await this.reader.bounded(() => this.state.read());
    return toQueueInfos(queues, workers);
  }

  /**
   * Holds a queue, for all workers of the app: jobs that run go on, no other one starts until `resume`. Jobs can be enqueued
   * all the while.
   *
   * @param actor who does it, for `AuditService`
   * @throws InvalidOptionError for a queue that the app does not have; QueueUnavailableError
   */
  async pause(name: string, actor: Actor = {}): Promise<void> {
    const act = { action: 'queue.pause', what: { queue: name }, options: onlyActor(actor) } as const;
    await this.audit.run(act, () => this.ofKnown(name, () => this.engine.queues.pause(name)));
  }

  /**
   * Lets the jobs of a paused queue start again.
   *
   * @param actor who does it, for `AuditService`
   * @throws InvalidOptionError for a queue that the app does not have; QueueUnavailableError
   */
  async resume(name: string, actor: Actor = {}): Promise<void> {
    const act = { action: 'queue.resume', what: { queue: name }, options: onlyActor(actor) } as const;
    await this.audit.run(act, () => this.ofKnown(name, () => this.engine.queues.resume(name)));
  }

  /**
   * The queues with a limit over all workers (`rateLimit`, `globalConcurrency`), and how much of it is used at this moment.
   *
   * @throws QueueUnavailableError
   */
  limits(): Promise<QueueLimits[]> {
    return this.reader.bounded(async () => {
      const { queues } = await this.state.read();
      const limits = await this.engine.queues.usedLimits(queues.map(({ name }) => name));
      return limits.map(({ name, ...limit }) => ({
        name,
        running: queues.find((queue) => queue.name === name)?.running ?? 0,
        ...limit,
      }));
    });
  }

  /**
   * The worker processes that live. One that was killed is still told for twenty seconds.
   *
   * @throws QueueUnavailableError
   */
  workers(): Promise<WorkerInfo[]> {
    return this.reader.bounded(() => this.state.workers());
  }

  /**
   * Worker processes that died without a goodbye (killed, out of memory, a host that is gone) within the last day, latest first and at most 50,
   * as they last told of themselves: `seenAt` is when, `runningJobs` what they ran.
   *
   * @throws QueueUnavailableError
   */
  lostWorkers(): Promise<WorkerInfo[]> {
    return this.reader.bounded(() => this.state.lostWorkers());
  }

  /**
   * The last hundred worker processes that are gone, latest first: those that shut down, and those that died without a goodbye. With `history: false` only the latter,
   * of the last day.
   *
   * @throws QueueUnavailableError
   */
  goneWorkers(): Promise<GoneWorker[]> {
    return this.reader.bounded(() => this.state.goneWorkers());
  }

  /**
   * The last 50 versions of the app that a worker ran, latest first: when each was deployed. A worker tells its version when it starts; without a
   * `package.json` it has none.
   *
   * @throws QueueUnavailableError
   */
  versions(): Promise<DeployedVersion[]> {
    return this.reader.bounded(() => this.state.versions());
  }

  /**
   * Kinds of jobs that wait in vain: they are next in their queue, and no live worker has a handler for them.
   *
   * @throws QueueUnavailableError
   */
  async unhandledJobs(): Promise<UnhandledJob[]> {
    const { unhandled } = await this.reader.bounded(() => this.state.read());
    return [...unhandled];
  }

  /**
   * Who fills a queue: the shares of kinds, tags, sizes or values of the payload among the jobs that wait, from some of them that are spread over the
   * whole line. The cost does not grow with the backlog: of 500 jobs a share of a half is right to about 4 %.
   *
   * @param options `by` what to divide, and `size`: how many jobs to look at, 500 by default
   * @throws InvalidOptionError for a queue that the app does not have; QueueUnavailableError
   */
  sample(name: string, options: SampleOptions): Promise<QueueSample> {
    return this.sampler.sample(name, options);
  }

  /**
   * A smoke test: sends a tiny job of the library itself through a queue, ahead of its backlog, and waits until a worker
   * takes it. Nothing of it is kept, no handler sees it, and no event or counter of the app's jobs tells of it.
   *
   * @param options `timeout`: longest time to wait, 5 s by default
   * @returns whether a worker answered, how fast, and else why not
   * @throws InvalidOptionError for a queue that the app does not have; QueueUnavailableError
   */
  async ping(name: string, options: { readonly timeout?: Duration } = {}): Promise<PingResult> {
    const { timeout = PING_TIMEOUT } = check.object('the options of ping', options, ['timeout']);
    const waitMs = check.duration('timeout', timeout, 1, MAX_TIMEOUT);
    const app = await this.reader.bounded(() => this.state.read());
    const known = app.queues.map((queue) => queue.name);
    checkQueue(name, known);
    return this.pinger.ping(name, waitMs, app);
  }

  private ofKnown(name: string, write: () => Promise<void>): Promise<void> {
    return this.reader.bounded(async () => {
      const known = (await this.state.read()).queues.map((queue) => queue.name);
      checkQueue(name, known);
      await write();
    });
  }
}

import type { Job } from 'bullmq';
import { type CompletedJob, countForCall, type FinishAnswer, type FinishCalls } from './finish.calls.js';
import type { LoopWorker } from './loop.worker.js';
import { ReadyLine } from './ready-line.js';
import { RunPace } from './run-pace.js';
import { LANES, NOTHING, type Take, TakePlan } from './take.plan.js';

/** Those of the engine's way of ending jobs have other numbers. */
const FIRST_LANE = 2;
/** How long a queue that was found to have a rate limit is left to the engine without asking again. */
const LIMITED_FOR = 10_000;
/** Of the life of its lock, how long a job may wait here before it is not started any more. */
const FRESH = 0.5;

interface Finished extends CompletedJob {
  readonly job: Job;
  readonly returned: unknown;
}

/**
 * Takes, runs and ends the jobs of a worker, many in one call: what ends while a call is under way goes out with the next one, which
 * brings as many jobs as there are free slots and, where jobs are quick, some that will start within about a millisecond. Those are
 * started in the order in which they were taken; what had no turn goes back untouched.
 */
export class JobLoop {
  private readonly pace = new RunPace();
  private readonly lanes = [0, 1].map((at) => ({ number: FIRST_LANE + at, calls: 0, notes: false }));
  private readonly ready = new ReadyLine(() => {
    this.pace.wasWrong();
    this.isReturning = true;
    this.wake();
  });
  /** Jobs in hand whose worker has crashed, and what was taken with them: nothing is taken ahead beside them. */
  private readonly suspects = new Set<Job>();
  private readonly plan = new TakePlan(
    this.pace,
    () => this.worker.concurrency,
    () => this.suspects.size > 0,
  );
  private finished: Finished[] = [];
  /** Failures that are about to be stored, by the id of the job. */
  private readonly failing = new Map<string, Promise<void>>();
  /** Slots in use. */
  private running = 0;
  /** Jobs that were asked for, and have not come. */
  private asked = 0;
  /** Whatever else must be over before the loop is. */
  private pending = 0;
  private tokens = 0;
  private isScheduled = false;
  private isWaiting = false;
  /** Nothing is taken meanwhile. */
  private isHeld = false;
  private hasStoodBack = false;
  private isFetching = false;
  /** What has not started is to go back. */
  private isReturning = false;
  private limitedUntil = 0;
  private end?: () => void;

  constructor(
    private readonly worker: LoopWorker,
    private readonly calls: FinishCalls,
  ) {}

  /** Resolves when the worker has been stopped, and nothing is left in hand. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.end = resolve;
      this.wake();
    });
  }

  /** Has the loop look at its worker again. */
  wake(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    process.nextTick(() => this.turn());
  }

  /** A job that was taken and has not started. */
  unstarted(storedId: string): Job | undefined {
    return this.ready.find(storedId);
  }

  /** Another worker has it. */
  drop(storedId: string): void {
    const job = this.ready.drop(storedId);
    if (job) this.suspects.delete(job);
  }

  private turn(): void {
    this.isScheduled = false;
    this.startReady();
    // All at once, with what is still to come: else those would stand before the others.
    if ((this.worker.isDraining || this.isReturning) && this.asked === 0) this.putBack();
    this.send();
    if (this.worker.isStopped && this.isIdle) this.end?.();
  }

  private send(): void {
    while (this.lanes.length > 0) {
      const count = countForCall(this.finished);
      const wanted = this.wanted(count);
      if (!this.plan.isTime(count, wanted, this.lanes.length < LANES)) break;
      void this.call(this.finished.splice(0, count), wanted);
    }
  }

  private get isIdle(): boolean {
    const { running, asked, pending, finished, ready, lanes } = this;
    if (this.isWaiting || this.isFetching || lanes.length < LANES) return false;
    return running + asked + pending + finished.length + ready.length === 0;
  }

  private wanted(finished: number): Take {
    const { worker } = this;
    if (worker.isStopped || worker.isDraining || this.isHeld || this.isReturning) return NOTHING;
    if (this.isWaiting && finished === 0) return NOTHING;
    const inHand = this.running + this.ready.length + this.asked;
    const take = this.plan.next(inHand);
    if (!this.hasStoodBack && this.hold(worker.standBack())) return NOTHING;
    if (this.limitedUntil > Date.now()) {
      if (take.slots > 0) void this.takeByEngine();
      return NOTHING;
    }
    return take;
  }

  /** Nothing is taken until then. */
  private hold(until: Promise<void> | undefined): boolean {
    if (!until) return false;
    this.isHeld = true;
    void until.then(() => {
      this.isHeld = false;
      this.hasStoodBack = true;
      this.wake();
    });
    return true;
  }

  private async call(ended: readonly Finished[], { slots, ahead }: Take): Promise<void> {
    const lane = this.lanes.pop()!;
    const now = Date.now();
    const token = `${this.worker.id}:${this.tokens++}`;
    // Whatever may lie between one that runs and its outcome, or its start.
    const noted = [...this.ready.names, ...this.finished.flatMap((one) => [one.id, one.token])];
    const hasAhead = ahead > 0 || noted.length > 0;
    const wanted = { token, slots, ahead, noted, notes: hasAhead || lane.notes };
    lane.notes = hasAhead;
    this.asked += slots + ahead;
    this.hasStoodBack = false;
    const answer = await this.calls.send(lane, now, ended, wanted).catch((error: unknown) => {
      this.hold(this.worker.answered(error));
    });
    this.asked -= slots + ahead;
    this.lanes.push(lane);
    if (answer) this.take(answer, ended, now, token, { slots, ahead });
    else for (const one of ended) this.completeAlone(one.job, one.returned, true);
    if (answer === null) this.limitedUntil = now + LIMITED_FOR;
    this.wake();
  }

  private take(
    [codes, taken, due, hasCrashed]: FinishAnswer,
    ended: readonly Finished[],
    now: number,
    token: string,
    wanted: Take,
  ): void {
    const { worker } = this;
    void worker.answered();
    for (const [at, { job, returned }] of ended.entries()) {
      if (codes[at] === 0) worker.completed(job, returned, now);
      else this.completeAlone(job, returned, true);
    }
    for (const one of taken) {
      const job = worker.make(one, token);
      if (job instanceof Promise) this.await(job.then((made) => this.add(made, hasCrashed)));
      else this.add(job, hasCrashed);
    }
    this.plan.brought(taken.length, wanted);
    if (taken.length < wanted.slots) void this.wait(due === '' ? 0 : Number(due));
    this.startReady();
  }

  private add(job: Job | undefined, hasCrashed = 0): void {
    if (!job) return;
    this.ready.add(job);
    if (hasCrashed === 1) this.suspects.add(job);
  }

  private startReady(): void {
    const { worker, ready } = this;
    while (this.running < worker.concurrency && ready.length > 0 && !worker.isDraining) {
      const { job, at } = ready.shift()!;
      const now = performance.now();
      if (now - at < worker.lockDuration * FRESH) this.start(job, now);
      else this.await(worker.putBack([job]));
    }
    ready.watch();
  }

  private start(job: Job, began: number): void {
    this.running++;
    // It may be taken again before this worker has heard that its failure, or its snooze, is stored: that is told first.
    const { id = '' } = job;
    const before = this.failing.get(id) ?? this.worker.leaving(id);
    if (before) void before.then(() => this.runNow(job, performance.now()));
    else this.runNow(job, began);
  }

  private runNow(job: Job, began: number): void {
    const run = this.worker.run(job);
    if (!run) return void this.worker.runByEngine(job).then(() => this.leave(job));
    run.then(
      (result) => this.ran(job, result, began),
      (error: unknown) => this.failed(job, error, began),
    );
  }

  private failed(job: Job, error: unknown, began: number): void {
    const { id = '' } = job;
    const stored = this.worker.fail(job, error).then(() => {
      if (this.failing.get(id) === stored) this.failing.delete(id);
      // Its slot was in use until now.
      this.pace.note(performance.now() - began);
      this.leave(job);
    });
    this.failing.set(id, stored);
  }

  private ran(job: Job, returned: unknown, began: number): void {
    this.pace.note(performance.now() - began);
    const ended = this.worker.ending(job, returned);
    if (ended && this.limitedUntil <= Date.now()) this.finished.push({ ...ended, job, returned });
    else this.completeAlone(job, returned, ended !== undefined);
    this.leave(job);
  }

  private leave(job: Job): void {
    this.running--;
    this.suspects.delete(job);
    // Without a wait for those that run beside it: two calls that are sent together are answered together, and Redis would be idle then.
    // Before the next one starts, too: what kills the worker after that may be any of those that the call notes.
    if (this.finished.length >= this.plan.share) this.send();
    this.startReady();
    this.wake();
  }

  /** Its slot is in use for as long as that takes. */
  private completeAlone(job: Job, returned: unknown, isAnnounced: boolean): void {
    this.running++;
    void this.worker.completeAlone(job, returned, isAnnounced).then(() => {
      this.running--;
      this.wake();
    });
  }

  private putBack(): void {
    this.isReturning = false;
    const jobs = this.ready.clear();
    for (const job of jobs) this.suspects.delete(job);
    if (jobs.length > 0) this.await(this.worker.putBack(jobs));
  }

  private await(settles: Promise<void>): void {
    this.pending++;
    void settles.then(() => {
      this.pending--;
      this.wake();
    });
  }

  private async wait(due: number): Promise<void> {
    if (this.isWaiting) return;
    this.isWaiting = true;
    let until = due;
    while (!this.worker.isStopped) {
      until = await this.worker.wait(until);
      if (until - Date.now() < 1) break;
    }
    this.isWaiting = false;
    this.wake();
  }

  private async takeByEngine(): Promise<void> {
    if (this.isFetching) return;
    this.isFetching = true;
    const { job, due } = await this.worker.takeByEngine();
    this.isFetching = false;
    if (job) this.add(job);
    else if (due !== undefined) void this.wait(due);
    this.startReady();
    this.wake();
  }
}

import type { WorkerInfo } from '../contract/worker-info.js';
import { takes } from '../contract/worker-info.js';
import type { LastHandler } from '../contract/queue-info.js';
import type { JobReason } from '../contract/job-explanation.js';
import type { DeadReason, JobInfo } from '../contract/job-info.js';
import { readMeta } from '../engine/job-meta.js';
import { slotEndOf } from '../engine/slot-end.js';
import type { FoundJob } from '../engine/found-job.js';
import type { LimitState } from '../engine/shared.engine.js';
import { mostOf } from '../contract/limit-rule.js';
import type { QueueState } from '../engine/queue-state.js';
import { counted } from '../contract/counted.js';

/** What decides whether a job runs. */
export interface ExplainedJob {
  readonly found: FoundJob;
  readonly job: JobInfo;
  /** When it may not start any more, in epoch milliseconds. */
  readonly expiresAt?: number;
  readonly queue?: QueueState;
  readonly workers: readonly WorkerInfo[];
  /** Epoch milliseconds. */
  readonly now: number;
  /** Jobs of the queue that may run at a time. */
  readonly limit?: number;
  /** Milliseconds until the rate limit lets the next job start; 0 when it does not hold anything. */
  readonly rateLimited: number;
  readonly position?: number;
  /** Limiters of `SharedRedis` that it waits for. */
  readonly limiters?: readonly LimitState[];
  /** Who handled its kind last, where no live worker does. */
  readonly lastHandledBy?: LastHandler;
}

/** The workers look for jobs that are due all the time: one that is later than this is not looked for. */
const OVERDUE_AFTER = 10_000;

const AFTER_DEATH: Readonly<Record<DeadReason, string>> = {
  attempts: 'Fix what made it fail, then retry it, or delete it.',
  discarded: 'Its handler gave up on purpose: delete it, or retry it once the cause is gone.',
  expired:
    'It came too late: see that workers keep up (explain a job that waits); a retried job does not expire.',
  'invalid-payload':
    'Its payload does not fit the schema of its definition: deploy one that takes it, then retry it.',
  'invalid-result':
    'Its handler has done its work, but what it returned does not fit the result schema: a retry runs it again. See what it did first.',
  'unknown-job': 'No worker had a handler for it: deploy one, then retry it.',
  crashed:
    'Its handler may block the event loop for longer than worker.lockDuration (look in the log for "worker blocked for ..."): move it to a thread. Else it took its worker down each time: look for memory or native crashes before it is retried.',
  cancelled: 'It was cancelled. Retry it if that was a mistake.',
  unrecoverable:
    'Its processor gave it up before its attempts were used (UnrecoverableError): fix what it needs, then retry it, or delete it.',
  'data-missing':
    'Its payload is lost: enqueue it again and delete this one. Look for who deletes keys, and for an eviction policy.',
  unreadable:
    'What is stored of it was written by something else: repair the field in Redis and retry it, or delete it.',
  'effect-unknown':
    'A run of it died in the middle of an effect (ctx.once), and nobody knows whether that has happened: look at the other side. A retry runs the effect again, with the same idempotency key.',
};

/** Why a job is where it is, the decisive reasons first. */
export function reasonsOf(facts: ExplainedJob): JobReason[] {
  const { job } = facts;
  const pending = job.state === 'waiting' || job.state === 'delayed';
  const reasons = pending
    ? [
        ...limitersOf(facts),
        ...effectOf(facts),
        ...timeOf(job, facts),
        ...holdsOf(job, facts),
        ...placeOf(job, facts),
        ...expiryOf(facts),
      ]
    : endOf(job, facts);
  return [...reasons, ...uniqueOf(job, facts)];
}

function endOf(job: JobInfo, { found, workers }: ExplainedJob): JobReason[] {
  const { outcome } = job;
  if (outcome) return [slotReason(outcome, found)];
  if (job.state === 'completed')
    return [{ code: 'completed', message: 'it has completed: there is nothing left to run' }];
  if (job.state === 'dead') {
    const reason = job.reason ?? 'attempts';
    const error = job.error ? `: ${job.error.name}: ${job.error.message}` : '';
    return [{ code: 'dead', message: `it is dead (${reason})${error}`, advice: AFTER_DEATH[reason] }];
  }
  const worker = workers.find(({ runningJobs }) =>
    runningJobs.some(({ id, queue }) => id === job.id && queue === job.queue),
  );
  const where = worker ? ` on ${worker.host}, process ${worker.pid}` : '';
  const running: JobReason = {
    code: 'running',
    message: `it runs${where}, attempt ${job.attempt} of ${job.maxAttempts}`,
  };
  return found.job.deferredFailure
    ? [
        {
          code: 'cancelling',
          message: 'it was cancelled and is stopping; it is dead as soon as its handler ends',
        },
        running,
      ]
    : [running];
}

/** Of the job of a slot that did not run. */
function slotReason(code: 'missed' | 'skipped', { job }: FoundJob): JobReason {
  const { slot, scheduledFor = job.timestamp } = readMeta(job.opts);
  const schedule = slot?.schedule ?? job.name;
  const what = `the slot ${new Date(scheduledFor).toISOString()} of the schedule ${schedule}`;
  if (code === 'skipped') {
    const why = slotEndOf(job.returnvalue);
    const text = why === 'covered' ? 'a later run stood in for it' : `the schedule was ${why}`;
    return { code, message: `${what} did not run: ${text}` };
  }
  const late =
    job.finishedOn === undefined ? '' : `, a worker took it ${job.finishedOn - scheduledFor} ms late`;
  return {
    code,
    message: `${what} was missed and did not run${late}`,
    advice: `See why no worker took it in time. Run it now with "scalr-queue schedules run-now ${schedule}", or give the schedule missed: 'once'.`,
  };
}

/** It was put aside by a limiter that was used up. */
function limitersOf({ limiters = [], now }: ExplainedJob): JobReason[] {
  return limiters.map(({ name, key, left, rule, resetIn }) => ({
    code: 'limiter',
    message:
      `it waits for the limiter ${name}${key === '' ? '' : ` (${key})`}: ${left} of ${mostOf(rule)} left` +
      (resetIn > 0 ? `, the next in ${resetIn} ms` : ''),
    ...(resetIn > 0 ? { until: new Date(now + resetIn) } : {}),
  }));
}

/** It was put aside, as another run of it is in the middle of an effect. */
function effectOf({ found, now }: ExplainedJob): JobReason[] {
  const { waitsFor } = found.job;
  if (!waitsFor || waitsFor.until <= now) return [];
  return [
    {
      code: 'effect',
      message: `it waits for an earlier run of itself, which is still at ctx.once("${waitsFor.key}")`,
      until: new Date(waitsFor.until),
    },
  ];
}

function timeOf(job: JobInfo, { now }: ExplainedJob): JobReason[] {
  if (!job.runAt) return [];
  const until = job.runAt;
  if (+until + OVERDUE_AFTER < now)
    return [
      {
        code: 'overdue',
        message: `its time was ${until.toISOString()}, and no worker has started it`,
        until,
      },
    ];
  if (job.error && job.attempt > 0) {
    const failed = `attempt ${job.attempt} of ${job.maxAttempts} failed (${job.error.name}: ${job.error.message})`;
    return [{ code: 'retrying', message: `${failed}; the next one is at ${until.toISOString()}`, until }];
  }
  return [{ code: 'delayed', message: `it is delayed until ${until.toISOString()}`, until }];
}

function holdsOf(job: JobInfo, facts: ExplainedJob): JobReason[] {
  const { queue, limit, rateLimited, now } = facts;
  const reasons: JobReason[] = [];
  if (queue?.paused)
    reasons.push({
      code: 'queue-paused',
      message: `the queue ${job.queue} is paused: no job of it starts`,
      advice: `Resume the queue ${job.queue}.`,
    });
  reasons.push(...takersOf(job, facts));
  if (job.state !== 'waiting') return reasons;
  if (rateLimited > 0)
    reasons.push({
      code: 'rate-limited',
      message: `the rate limit of the queue ${job.queue} lets the next job start in ${rateLimited} ms`,
      until: new Date(now + rateLimited),
    });
  if (limit !== undefined && queue && queue.running >= limit)
    reasons.push({
      code: 'global-concurrency',
      message: `${counted(queue.running, 'job')} of the queue ${job.queue} ${queue.running === 1 ? 'runs' : 'run'}, and the limit is ${limit}`,
      limit,
    });
  return reasons;
}

/** Why nobody takes the job, where nobody does. */
function takersOf({ name, queue }: JobInfo, { workers, lastHandledBy }: ExplainedJob): JobReason[] {
  const live = workers.filter(({ draining }) => !draining);
  if (live.some((worker) => takes(worker, queue, name))) return [];
  const last = lastHandledBy
    ? ` It was handled last by ${lastHandledBy.worker}, until ${lastHandledBy.seenAt.toISOString()}.`
    : '';
  const advice = `Deploy a worker whose module has a @ProcessJob for ${name}.${last}`;
  if (live.some((worker) => worker.queues.includes(queue)))
    return [{ code: 'no-handler', message: `no live worker handles ${name}`, advice }];
  const message = `no live worker takes jobs from the queue ${queue}`;
  if (live.length === 0)
    return [{ code: 'no-live-worker', message, advice: `Start a worker: none is live.${last}` }];
  if (live.some(({ unselectedQueues }) => unselectedQueues?.includes(queue))) {
    const select = `Add ${queue} to SCALR_WORKER_QUEUES: a live worker has handlers for it but is set to leave it alone.`;
    return [{ code: 'no-live-worker', message, advice: select }];
  }
  return [
    {
      code: 'no-handler',
      message: `no live worker handles ${name}, nor anything else of the queue ${queue}`,
      advice,
    },
  ];
}

function placeOf(job: JobInfo, { position, queue }: ExplainedJob): JobReason[] {
  if (job.state !== 'waiting') return [];
  const running = `${queue?.running ?? 0} running`;
  if (position === undefined)
    return [{ code: 'position', message: `more than 10,000 jobs are ahead of it, ${running}` }];
  const message =
    position === 1
      ? `it is the next one, ${running}`
      : `${counted(position - 1, 'job is', 'jobs are')} ahead of it, ${running}`;
  return [{ code: 'position', message, position }];
}

function expiryOf({ found, expiresAt, now }: ExplainedJob): JobReason[] {
  if (expiresAt === undefined || found.job.attemptsStarted > 0 || found.job.attemptsMade > 0) return [];
  const until = new Date(expiresAt);
  const message =
    expiresAt <= now
      ? `it expired at ${until.toISOString()}: it will be dead, not run, when a worker takes it`
      : `it must start before ${until.toISOString()}, or it is dead`;
  return [{ code: 'expires', message, until }];
}

function uniqueOf(job: JobInfo, { found }: ExplainedJob): JobReason[] {
  if (!found.job.deduplicationId || job.state === 'completed' || job.state === 'dead') return [];
  return [{ code: 'unique', message: 'it is unique: enqueueing another with the same key gives this one' }];
}

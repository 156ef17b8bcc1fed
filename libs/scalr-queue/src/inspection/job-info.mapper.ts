import { describeThrown, parseDeath, parseFailure } from '../engine/failure.js';
import { errorOfFault, type StoredFault } from '../engine/stored-fault.js';
import { fromStoredId } from '../engine/job-id.js';
import type { JobErrorInfo, JobInfo, JobState } from '../contract/job-info.js';
import { storedTags } from '../contract/tags.js';
import { readMeta } from '../engine/job-meta.js';
import { slotEndOf } from '../engine/slot-end.js';
import { itemsOf } from './job-items.js';
import type { ReadJob } from '../engine/found-job.js';
import type { FoundJob } from '../engine/found-job.js';

const STATES: Readonly<Record<string, JobState>> = {
  active: 'running',
  delayed: 'delayed',
  completed: 'completed',
  failed: 'dead',
};

/** A stored job of the engine as plain data without anything of the engine. */
export function toJobInfo({ job, state: engineState, runAt, fault }: FoundJob): JobInfo {
  const state = STATES[engineState] ?? 'waiting';
  const failure = job.failedReason ? failureOf(job, job.failedReason, state) : undefined;
  const items = itemsOf(job.items);
  const tags = storedTags(readMeta(job.opts).tags);
  return {
    id: fromStoredId(job.id ?? ''),
    name: job.name,
    queue: job.queueName,
    ...(tags.length > 0 ? { tags } : {}),
    state,
    ...(state === 'dead' && failure && failure.kind !== 'retrying' ? { reason: failure.kind } : {}),
    attempt: attemptOf(job, state, failure?.kind),
    maxAttempts: Math.max(job.opts.attempts ?? 1, 1),
    ...(isProgress(job.progress) ? { progress: job.progress } : {}),
    ...(items.length > 0 ? { items } : {}),
    ...(state === 'completed' ? endOf(job) : {}),
    ...(state !== 'completed' && failure ? { error: failure.error } : fault ? { error: infoOf(fault) } : {}),
    enqueuedAt: new Date(job.timestamp),
    ...(runAt === undefined ? {} : { runAt: new Date(runAt) }),
    ...(job.processedOn ? { startedAt: new Date(job.processedOn) } : {}),
    ...(job.finishedOn ? { finishedAt: new Date(job.finishedOn) } : {}),
  };
}

function failureOf(job: ReadJob, text: string, state: JobState) {
  const attempts = { made: job.attemptsMade, max: job.opts.attempts ?? 1 };
  return state === 'dead' ? parseDeath(text, attempts) : parseFailure(text);
}

/** What the handler returned; a handler without a result stores null. The job of a slot may have ended without a run. */
function endOf(job: ReadJob): Pick<JobInfo, 'result' | 'outcome'> {
  const end = slotEndOf(job.returnvalue);
  if (end) return { outcome: end === 'missed' ? 'missed' : 'skipped' };
  return { result: job.returnvalue ?? undefined };
}

/** Ends without a run: the engine counts them as an attempt, we do not. */
const NEVER_RUN: readonly (string | undefined)[] = ['expired', 'invalid-payload', 'unknown-job'];

function infoOf(fault: StoredFault): JobErrorInfo {
  const { name, message, code } = describeThrown(errorOfFault(fault));
  return { name, message, ...(code ? { code } : {}) };
}

function attemptOf(job: ReadJob, state: JobState, kind: string | undefined): number {
  if (state === 'running') return job.attemptsMade + 1;
  return state === 'dead' && NEVER_RUN.includes(kind) ? Math.max(0, job.attemptsMade - 1) : job.attemptsMade;
}

function isProgress(progress: unknown): progress is number | object {
  // 0 is what the engine says of a job that never reported any.
  return (
    (typeof progress === 'number' && progress !== 0) || (typeof progress === 'object' && progress !== null)
  );
}

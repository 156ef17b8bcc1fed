import type { JobDetails, JobFailure } from '../contract/job-details.js';
import { readMeta } from '../engine/job-meta.js';
import type { ReadJob } from '../engine/found-job.js';
import { toJobInfo } from './job-info.mapper.js';
import type { FoundJob } from '../engine/found-job.js';

const ENTRY = /^(\S+) attempt (\d+)\n([\s\S]*)$/;

/** A stored job of the engine with all that is kept of it. */
export function toJobDetails(found: FoundJob, logs: readonly string[]): JobDetails {
  const { job } = found;
  const { expiresAt, scheduledFor } = readMeta(job.opts);
  return {
    ...toJobInfo(found),
    payload: payloadOf(job),
    failures: failuresOf(job),
    logs,
    priority: job.priority ?? 0,
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
    ...(scheduledFor === undefined ? {} : { scheduledFor: new Date(scheduledFor) }),
  };
}

export function payloadOf(job: ReadJob): unknown {
  return readMeta(job.opts).void ? undefined : job.data;
}

/** The failed attempts that are kept with a job. */
export function failuresOf(job: ReadJob): JobFailure[] {
  return (job.stacktrace ?? []).map(toFailure).filter((failure) => failure !== undefined);
}

/** The reverse of what an AttemptFailure writes. */
function toFailure(entry: string): JobFailure | undefined {
  const [, at, attempt, stack] = ENTRY.exec(entry) ?? [];
  return stack === undefined ? undefined : { at: new Date(at!), attempt: Number(attempt), stack };
}

import { toJobInfo } from '../inspection/job-info.mapper.js';
import type { FoundJob } from '../inspection/job.reader.js';
import type { JobInfo } from '../jobs/job-info.js';
import { readMeta } from '../jobs/job-meta.js';

/** One failed attempt of a dead job. */
export interface JobFailure {
  readonly at: Date;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly stack: string;
}

/** A dead job: what is known of every job, its payload, and how it failed. */
export interface DeadJob extends JobInfo {
  readonly payload: unknown;
  /** Stack of the last failure. */
  readonly stack?: string;
  /** The last failed attempts (five are kept), oldest first, those before a retry included. */
  readonly failures: readonly JobFailure[];
}

const ENTRY = /^(\S+) attempt (\d+)\n([\s\S]*)$/;

/** A dead job of the engine as plain data. */
export function toDeadJob(found: FoundJob): DeadJob {
  const { job } = found;
  const failures = (job.stacktrace ?? []).map(toFailure).filter((failure) => failure !== undefined);
  const stack = failures.at(-1)?.stack ?? job.stacktrace?.at(-1);
  return {
    ...toJobInfo(found),
    payload: readMeta(job.opts).void ? undefined : (job.data as unknown),
    ...(stack === undefined ? {} : { stack }),
    failures,
  };
}

/** The reverse of what an AttemptFailure writes. */
function toFailure(entry: string): JobFailure | undefined {
  const [, at, attempt, stack] = ENTRY.exec(entry) ?? [];
  return stack === undefined ? undefined : { at: new Date(at!), attempt: Number(attempt), stack };
}

import { toJobInfo } from '../inspection/job-info.mapper.js';
import type { FoundJob } from '../inspection/job.reader.js';
import { readMeta } from '../jobs/job-meta.js';
import type { DeadJob, JobFailure } from './dead-job.js';

const ENTRY = /^(\S+) attempt (\d+)\n([\s\S]*)$/;

/** A dead job of the engine as plain data. */
export function toDeadJob(found: FoundJob): DeadJob {
  const { job } = found;
  const failures = (job.stacktrace ?? []).map(toFailure).filter((failure) => failure !== undefined);
  const stack = failures.at(-1)?.stack ?? job.stacktrace?.at(-1);
  return {
    ...toJobInfo(found),
    payload: readMeta(job.opts).void ? undefined : job.data,
    ...(stack === undefined ? {} : { stack }),
    failures,
  };
}

/** The reverse of what an AttemptFailure writes. */
function toFailure(entry: string): JobFailure | undefined {
  const [, at, attempt, stack] = ENTRY.exec(entry) ?? [];
  return stack === undefined ? undefined : { at: new Date(at!), attempt: Number(attempt), stack };
}

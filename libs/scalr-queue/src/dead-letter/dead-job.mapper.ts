import { failuresOf, payloadOf } from '../inspection/job-details.mapper.js';
import { toJobInfo } from '../inspection/job-info.mapper.js';
import type { FoundJob } from '../engine/found-job.js';
import type { DeadJob } from '../contract/dead-job.js';

/** A dead job of the engine as plain data. */
export function toDeadJob(found: FoundJob): DeadJob {
  const failures = failuresOf(found.job);
  const stack = failures.at(-1)?.stack ?? found.job.stacktrace?.at(-1);
  return {
    ...toJobInfo(found),
    payload: payloadOf(found.job),
    ...(stack === undefined ? {} : { stack }),
    failures,
  };
}

import type { JobInfo } from '../contract/job-info.js';
import { redactSecrets } from './redaction.js';
import { mask } from './secret.mask.js';

/** A job for a list: without what it returned, and without the secrets of its error and its progress. */
export function redactedJob<J extends Pick<JobInfo, 'error' | 'progress' | 'result'>>({
  result: _result,
  ...job
}: J): Omit<J, 'result'> {
  const { error, progress } = job;
  return {
    ...job,
    ...(progress === undefined ? {} : { progress: mask(progress) as JobInfo['progress'] }),
    ...(error === undefined ? {} : { error: { ...error, message: redactSecrets(error.message) } }),
  };
}

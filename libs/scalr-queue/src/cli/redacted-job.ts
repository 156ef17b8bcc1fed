import type { JobInfo } from '../jobs/job-info.js';
import { redactSecrets } from '../observability/redaction.js';

/** A job for a list: without what it returned, and without the secrets of its error. */
export function redactedJob<J extends JobInfo>({ result: _result, ...job }: J): Omit<J, 'result'> {
  if (!job.error) return job;
  return { ...job, error: { ...job.error, message: redactSecrets(job.error.message) } };
}

import { ByteAllowance } from '../access/byte.allowance.js';
import { applyHook } from '../access/payload.hook.js';
import type { DeadJob } from '../contract/dead-job.js';
import type { JobDetails } from '../contract/job-details.js';
import type { JobExplanation } from '../contract/job-explanation.js';
import { redactedJob } from '../observability/redacted-job.js';
import { redactSecrets } from '../observability/redaction.js';
import { mask } from '../observability/secret.mask.js';
import type { ConsoleSettings } from './console.settings.js';

/** A dead job for a list: without its payload, and without secrets. */
export function shownDead({ payload: _payload, failures: _failures, stack: _stack, ...job }: DeadJob) {
  return redactedJob(job);
}

/** All of a job but secrets; payload and result only for those who may see them, and no more than is allowed. */
export function shownDetails(
  { payload, result, ...job }: JobDetails,
  withPayload: boolean,
  { maxBytes, redact }: Pick<ConsoleSettings, 'maxBytes' | 'redact'>,
): object {
  const allowance = new ByteAllowance(maxBytes);
  const { id, name, queue } = job;
  const shown = () => (redact ? applyHook(payload, { id, name, queue }, redact) : payload);
  return {
    ...redactedJob(job),
    failures: job.failures.map((failure) => ({ ...failure, stack: redactSecrets(failure.stack) })),
    logs: job.logs.map(redactSecrets),
    ...(withPayload
      ? { payload: allowance.json(mask(shown()) ?? null), result: allowance.json(mask(result) ?? null) }
      : { payloadHidden: true }),
  };
}

/** An explanation without the secrets of the error that it tells of. */
export function shownExplanation({ job, reasons }: JobExplanation): object {
  return {
    job: redactedJob(job),
    reasons: reasons.map((reason) => ({ ...reason, message: redactSecrets(reason.message) })),
  };
}

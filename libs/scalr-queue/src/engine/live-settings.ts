import type { ResolvedOptions } from '../config/resolved-options.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { OptionChecker } from '../contract/option-checker.js';
import { type RetryPolicy, toRetryPolicy } from '../contract/retry-policy.js';
import { effectiveSettings } from './effective-settings.js';
import type { JobMeta } from './job-meta.js';
import type { StoredJob } from './stored-job.js';

const check = new OptionChecker(InvalidOptionError);

/**
 * The settings that a run goes by. What the call of `enqueue` gave is stored with the job and holds for it; everything else is
 * what the definition of this process says now, whatever it said when the job was enqueued.
 */
export class LiveSettings {
  constructor(private readonly app: Pick<ResolvedOptions, 'defaults'>) {}

  retryOf(definition: AnyJobDefinition, { retry, retryGiven }: JobMeta): RetryPolicy {
    const policy = effectiveSettings(definition, this.app).retry;
    if (!retry) return policy;
    // Stored by release 0.1.0, which did not say what of it was given.
    if (!retryGiven) return retry;
    const given = Object.fromEntries(retryGiven.map((field) => [field, retry[field as keyof typeof retry]]));
    return toRetryPolicy(check, 'retry', given, policy);
  }

  timeoutOf(definition: AnyJobDefinition, { timeout }: JobMeta): number {
    return timeout ?? effectiveSettings(definition, this.app).timeout;
  }

  /**
   * When the job expires, in epoch milliseconds; undefined for never. A slot that runs late on purpose does not expire.
   * @param definition absent where this process does not know it: then what it said when the job was enqueued
   */
  expiryOf(
    definition: AnyJobDefinition | undefined,
    job: Pick<StoredJob, 'timestamp' | 'opts'>,
    meta: JobMeta,
  ): number | undefined {
    if (meta.slot?.missed === 'once') return undefined;
    const isOfCall = meta.expiresAt !== undefined && meta.expiresBy === undefined;
    if (isOfCall || !definition) return meta.expiresAt;
    const { expiresIn } = effectiveSettings(definition, this.app);
    if (expiresIn === undefined) return undefined;
    return (meta.scheduledFor ?? job.timestamp + (job.opts.delay ?? 0)) + expiresIn;
  }
}

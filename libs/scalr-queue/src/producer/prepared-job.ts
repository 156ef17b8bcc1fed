import { InvalidOptionError, UnknownJobError } from '../contract/errors/configuration.errors.js';
import type { EnqueueOptions } from '../contract/enqueue-options.js';
import { type AnyJobDefinition, isJobDefinition } from '../contract/job-definition.js';
import { carriedBy } from '../engine/carried-context.js';
import { checkJobId, newJobId, toStoredId } from '../engine/job-id.js';
import type { JobMeta } from '../engine/job-meta.js';
import { effectiveSettings } from '../engine/effective-settings.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import { checkJobDefaults } from '../contract/job-settings.js';
import { type RetryOptions, toRetryPolicy } from '../contract/retry-policy.js';
import { applySchema } from '../contract/schema.js';
import { toStrictJson } from '../contract/strict-json.js';
import { tagsOf } from '../contract/tags.js';
import { toUniqueness, uniqueId, type Uniqueness } from '../contract/unique-options.js';
import { sharedBy } from './shared-options.js';
import * as defaults from '../contract/defaults.js';
import { describe, OptionChecker } from '../contract/option-checker.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { parseDuration } from '../contract/duration.js';

const KEYS = [
  'id', 'delay', 'runAt', 'priority', 'expiresIn', 'retry', 'timeout', 'unique', 'context', 'signal', 'tx',
]; // prettier-ignore
const check = new OptionChecker(InvalidOptionError);
const BACKOFF = { type: 'scalr' };

/** Checks the definition, the payload and the options of an `enqueue` call, and puts them into the engine's terms. */
export function prepareJob(
  definition: AnyJobDefinition,
  payload: unknown,
  options: EnqueueOptions<never>,
  app: ResolvedOptions,
): PreparedJob | Promise<PreparedJob> {
  checkCall(definition, options, app);
  const subject = `payload of ${definition.name}`;
  const isVoid = payload === undefined;
  const json = isVoid ? 'null' : toStrictJson(subject, payload, app.payloadLimit);
  // The engine gets this text: what is checked here is what is stored, whatever the caller does to the object meanwhile.
  const finish = () => build(definition, isVoid, json, options, app);
  const validated = applySchema(subject, definition.payloadSchema, payload);
  return validated instanceof Promise ? validated.then(finish) : finish();
}

/** Whoever enqueues the job waits for its end. */
export function markWaited(job: PreparedJob): void {
  const marked = job.options as { scalr?: JobMeta };
  marked.scalr = { ...marked.scalr, waited: true };
  job.shared = undefined;
}

/** Checks what all jobs of a call have in common. */
export function checkCall(definition: unknown, options: EnqueueOptions<never>, app: ResolvedOptions): void {
  checkDefinition(definition);
  checkOptions(options, app);
}

function checkDefinition(definition: unknown): void {
  if (isJobDefinition(definition)) return;
  throw new UnknownJobError(
    `expected a job definition made by defineJob(), got: ${describe(definition)}. Import the definition and pass it, not its name.`,
  );
}

function checkOptions(options: EnqueueOptions<never>, { clock }: ResolvedOptions): void {
  const given = check.object('the options of enqueue', options, KEYS);
  if (Object.keys(given).length === 0) return;
  if (given.id !== undefined) checkJobId(check, given.id);
  checkJobDefaults(check, given);
  if (typeof given.retry === 'function') {
    check.fail(
      'retry',
      'false or an object; give a function to defineJob, it cannot be stored with one job',
      given.retry,
    );
  }
  if (given.delay !== undefined) check.duration('delay', given.delay);
  if (given.runAt !== undefined) checkRunAt(given.runAt, given.delay, clock.now());
  if (given.signal !== undefined && !(given.signal instanceof AbortSignal))
    check.fail('signal', 'an AbortSignal', given.signal);
}

function checkRunAt(runAt: unknown, delay: unknown, now: number): void {
  if (!(runAt instanceof Date) || Number.isNaN(runAt.getTime()))
    return check.fail('runAt', 'a valid Date', runAt);
  if (delay !== undefined) check.fail('delay', 'left out when runAt is given', delay);
  if (runAt.getTime() > now + defaults.MAX_DURATION) {
    check.fail('runAt', 'at most one year from now', runAt.toISOString());
  }
}

function build(
  definition: AnyJobDefinition,
  isVoid: boolean,
  json: string,
  options: EnqueueOptions<never>,
  app: ResolvedOptions,
): PreparedJob {
  const { name, queue } = definition;
  const now = app.clock.now();
  const id = options.id ?? newJobId();
  const delay = options.runAt
    ? Math.max(0, options.runAt.getTime() - now)
    : (parseDuration(options.delay) ?? 0);
  const plan = effectiveSettings(definition, app);
  const expiresIn = options.expiresIn === undefined ? plan.expiresIn : parseDuration(options.expiresIn);
  const retry =
    options.retry === undefined ? plan.retry : toRetryPolicy(check, 'retry', options.retry, plan.retry);
  const unique = options.unique === undefined ? plan.unique : toUniqueness(check, 'unique', options.unique);
  // No spreads: this is done for every job.
  const meta: { -readonly [Key in keyof JobMeta]: JobMeta[Key] } = {};
  if (expiresIn !== undefined) {
    meta.expiresAt = now + delay + expiresIn;
    if (options.expiresIn === undefined) meta.expiresBy = 'definition';
  }
  if (options.retry !== undefined) {
    meta.retry = retry;
    meta.retryGiven = givenFields(options.retry);
  }
  if (options.timeout !== undefined) meta.timeout = parseDuration(options.timeout);
  if (isVoid) meta.void = true;
  const carried = carriedBy(name, options.context);
  if (carried) meta.ctx = carried;
  const { tags } = definition.settings;
  const given: unknown = (tags || unique) && !isVoid ? JSON.parse(json) : undefined;
  if (tags) {
    const made = tagsOf(check, name, tags, given);
    if (made.length > 0) meta.tags = made;
  }
  const engineOptions: PreparedJob['options'] = {
    jobId: toStoredId(name, id),
    timestamp: now,
    attempts: retry.attempts,
    backoff: BACKOFF,
    priority: options.priority ?? plan.priority,
    stackTraceLimit: defaults.KEPT_FAILURES,
    keepLogs: defaults.KEPT_LOG_LINES,
    removeOnComplete: plan.carriedKeep.removeOnComplete,
    removeOnFail: plan.carriedKeep.removeOnFail,
  };
  if (delay > 0) engineOptions.delay = delay;
  if (unique) engineOptions.deduplication = deduplication(unique, name, given, json);
  const stored = Object.keys(meta).length;
  if (stored > 0) (engineOptions as { scalr?: JobMeta }).scalr = meta;
  const isUsual = stored === (meta.tags ? 1 : 0) && delay === 0 && !unique && options.priority === undefined;
  return {
    id,
    name,
    queue,
    json,
    contested: options.id !== undefined || unique !== undefined,
    memory: options.id === undefined ? undefined : plan.keepIds,
    options: engineOptions,
    shared: isUsual ? sharedBy(plan, meta.tags) : undefined,
  };
}

/** `false` is one attempt, whatever the definition says. */
function givenFields(retry: RetryOptions | false): string[] {
  if (retry === false) return ['attempts'];
  return Object.entries(retry).flatMap(([field, value]) => (value === undefined ? [] : [field]));
}

function deduplication(unique: Uniqueness, name: string, payload: unknown, json: string) {
  return {
    id: uniqueId(check, unique, name, payload, json),
    ...(unique.window === undefined ? {} : { ttl: unique.window }),
    ...(unique.onConflict === 'replace'
      ? { replace: true, ...(unique.window === undefined ? {} : { extend: true }) }
      : {}),
    // Its name in the engine, whose own way of it differs: the job that waits keeps its payload.
    ...(unique.onConflict === 'rerun' ? { keepLastIfActive: true } : {}),
  };
}

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidJobDefinitionError } from './errors/configuration.errors.js';
import { DEFAULT_QUEUE } from './defaults.js';
import type { Limits } from './limit-use.js';
import { OptionChecker } from './option-checker.js';
import type { WithJson } from './json-type.js';
import { RESERVED_PREFIX } from './ping.js';
import { checkJobSettings, JOB_SETTING_KEYS, type JobSettings } from './job-settings.js';

/**
 * The contract of a job, made by {@link defineJob} and imported by the side that enqueues and the side that
 * handles.
 *
 * @typeParam Input what `enqueue` takes
 * @typeParam Payload what the handler gets: the same, or the output of the payload schema
 * @typeParam Result what waiting for the job gives
 * @typeParam Returned what the handler returns: the input of the result schema
 */
export interface JobDefinition<Input = unknown, Payload = Input, Result = unknown, Returned = Result> {
  /** Name of the job, unique in the app. */
  readonly name: string;
  /** Queue that the job waits in. */
  readonly queue: string;
  /** @internal */
  readonly settings: Readonly<JobSettings<never>>;
  /** @internal */
  readonly payloadSchema?: StandardSchemaV1;
  /** @internal */
  readonly resultSchema?: StandardSchemaV1;
  /** Carries the types only; there is no such value. */
  readonly '~types'?: {
    readonly input: Input;
    readonly payload: Payload;
    readonly result: Result;
    readonly returned: Returned;
  };
}

/** Any definition, whatever its types. */
export type AnyJobDefinition = JobDefinition<unknown, unknown, unknown, unknown>;

/** What a handler of the definition gets: `PayloadOf<typeof SendInvoice>`. */
export type PayloadOf<D extends AnyJobDefinition> = NonNullable<D['~types']>['payload'];

/** What waiting for the job gives, and its handler returns: `ResultOf<typeof SendInvoice>`. */
export type ResultOf<D extends AnyJobDefinition> = NonNullable<D['~types']>['result'];

/** What `enqueue` takes. */
export type InputOf<D extends AnyJobDefinition> = NonNullable<D['~types']>['input'];

/** What a handler may return. */
export type ReturnedBy<D extends AnyJobDefinition> = NonNullable<D['~types']>['returned'];

type ResultSchema = StandardSchemaV1 | undefined;
type OutputOr<S extends ResultSchema> = S extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<S>
  : unknown;
type InputOr<S extends ResultSchema> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : unknown;

const BRAND = Symbol.for('scalr-queue.job-definition');
const check = new OptionChecker(InvalidJobDefinitionError);

/**
 * Defines a job: its name, the shape of its payload and result, and how it is retried and timed out.
 * Keep definitions in a file of their own (`invoice.jobs.ts`) that imports no handler.
 *
 * @param name unique in the app: letters, digits, `_`, `.` and `-`, at most 128, such as `invoice.send`; not
 * beginning with `scalr.`, which is kept for jobs of the library
 * @param options `payload` and `result` take any schema of the Standard Schema v1 (zod, valibot, arktype);
 * without one, give the types: `defineJob<Payload, Result>('name')`
 * @throws InvalidJobDefinitionError when the name or a setting is wrong
 *
 * @example
 * export const SendInvoice = defineJob('invoice.send', {
 *   payload: z.object({ invoiceId: z.uuid() }),
 *   queue: 'mail',
 *   retry: { attempts: 5, delay: '1s' },
 * });
 */
export function defineJob<S extends StandardSchemaV1, R extends ResultSchema = undefined>(
  name: string,
  ...options: WithJson<
    StandardSchemaV1.InferInput<S>,
    [
      options: Omit<JobSettings<StandardSchemaV1.InferInput<S>>, 'limits'> & {
        readonly payload: S;
        readonly result?: R;
        readonly limits?: Limits<StandardSchemaV1.InferOutput<S>>;
      },
    ]
  >
): JobDefinition<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>, OutputOr<R>, InputOr<R>>;
export function defineJob<Payload = void, Result = unknown>(
  name: string,
  ...options: WithJson<
    Payload,
    [options?: JobSettings<Payload> & { readonly payload?: undefined; readonly result?: undefined }]
  >
): JobDefinition<Payload, Payload, Result, Result>;
export function defineJob(name: string, options: object = {}): AnyJobDefinition {
  check.name('the name of the job', name);
  if (name.startsWith(RESERVED_PREFIX)) {
    const rule = `a name that does not begin with "${RESERVED_PREFIX}", which the library keeps for its own jobs`;
    check.fail('the name of the job', rule, name);
  }
  const given = check.object(`the options of ${name}`, options, [...JOB_SETTING_KEYS, 'payload', 'result']);
  const { payload, result, ...settings } = given;
  checkSchema('payload', payload);
  checkSchema('result', result);
  checkJobSettings(check, settings);
  const definition = {
    name,
    queue: (settings.queue as string | undefined) ?? DEFAULT_QUEUE,
    settings: Object.freeze({ ...settings }),
    payloadSchema: payload,
    resultSchema: result,
  };
  Object.defineProperty(definition, BRAND, { value: true });
  return Object.freeze(definition) as AnyJobDefinition;
}

/** Whether a value was made by {@link defineJob}, also by another copy of this package. */
export function isJobDefinition(value: unknown): value is AnyJobDefinition {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, BRAND);
}

function checkSchema(field: string, value: unknown): void {
  if (value === undefined) return;
  const isObject = typeof value === 'object' || typeof value === 'function';
  if (!isObject || value === null || !('~standard' in value)) {
    check.fail(field, 'a schema of the Standard Schema v1, such as one of zod or valibot', value);
  }
}

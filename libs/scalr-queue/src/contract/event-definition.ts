import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidJobDefinitionError } from './errors/configuration.errors.js';
import type { WithJson } from './json-type.js';
import { OptionChecker } from './option-checker.js';

/**
 * The contract of an event, made by {@link defineEvent} and imported by those who say it and those who hear it.
 *
 * @typeParam Input what `broadcast` takes
 * @typeParam Payload what is heard: the same, or the output of the schema
 */
export interface EventDefinition<Input = unknown, Payload = Input> {
  /** Name of the event, unique in the app. */
  readonly name: string;
  /** @internal */
  readonly payloadSchema?: StandardSchemaV1;
  /** Carries the types only; there is no such value. */
  readonly '~types'?: { readonly input: Input; readonly payload: Payload };
}

/** Any event, whatever its types. */
export type AnyEventDefinition = EventDefinition<unknown, unknown>;

/** What is heard of the event: `EventPayloadOf<typeof PriceChanged>`. */
export type EventPayloadOf<E extends AnyEventDefinition> = NonNullable<E['~types']>['payload'];

/** What `broadcast` takes. */
export type EventInputOf<E extends AnyEventDefinition> = NonNullable<E['~types']>['input'];

const BRAND = Symbol.for('scalr-queue.event-definition');
const check = new OptionChecker(InvalidJobDefinitionError);

/**
 * Defines an event that is said to every process of the app.
 *
 * @param name unique in the app: letters, digits, `_`, `.` and `-`, at most 128, such as `price.changed`
 * @param options `payload` takes any schema of the Standard Schema v1; without one, give the type: `defineEvent<Payload>('name')`
 * @throws InvalidJobDefinitionError when the name or the schema is wrong
 *
 * @example
 * export const PriceChanged = defineEvent('price.changed', { payload: z.object({ sku: z.string() }) });
 */
export function defineEvent<S extends StandardSchemaV1>(
  name: string,
  ...options: WithJson<StandardSchemaV1.InferInput<S>, [options: { readonly payload: S }]>
): EventDefinition<StandardSchemaV1.InferInput<S>, StandardSchemaV1.InferOutput<S>>;
export function defineEvent<Payload = void>(
  name: string,
  ...options: WithJson<Payload, [options?: { readonly payload?: undefined }]>
): EventDefinition<Payload>;
export function defineEvent(name: string, options: object = {}): AnyEventDefinition {
  check.name('the name of the event', name);
  const { payload } = check.object(`the options of ${name}`, options, ['payload']);
  const isSchema =
    (typeof payload === 'object' || typeof payload === 'function') &&
    payload !== null &&
    '~standard' in payload;
  if (payload !== undefined && !isSchema)
    check.fail('payload', 'a schema of the Standard Schema v1, such as one of zod or valibot', payload);
  const definition = { name, payloadSchema: payload };
  Object.defineProperty(definition, BRAND, { value: true });
  return Object.freeze(definition) as AnyEventDefinition;
}

/** Whether a value was made by {@link defineEvent}, also by another copy of this package. */
export function isEventDefinition(value: unknown): value is AnyEventDefinition {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, BRAND);
}

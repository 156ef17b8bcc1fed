import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import {
  type AnyEventDefinition,
  type EventPayloadOf,
  isEventDefinition,
} from '../contract/event-definition.js';
import { checkMethod, type MethodName, MethodMarks } from '../contract/method-marks.js';

/** A class with `@OnBroadcast` methods that wants to hear of what it missed. */
export interface OnGap {
  /**
   * Called when this process has missed events, before the next one: it was out of reach for longer than events are kept, or what Redis kept was
   * lost. Read anew what the events are about.
   */
  onGap(gap: BroadcastGap): unknown;
}

/** What was missed. */
export interface BroadcastGap {
  /** How many events, of all kinds; undefined where nobody knows. */
  readonly missed: number | undefined;
}

const marks = new MethodMarks<readonly AnyEventDefinition[]>(Symbol.for('scalr-queue.on-broadcast'));

/**
 * Marks a method that hears an event, in every process that provides its class: the payload is checked by the schema of the event. Events are heard
 * one after the other; keep it short, or enqueue a job. What it throws is logged.
 *
 * @example
 * @OnBroadcast(PriceChanged)
 * forget({ sku }: EventPayloadOf<typeof PriceChanged>) {
 *   this.cache.delete(sku);
 * }
 */
export function OnBroadcast<E extends AnyEventDefinition>(event: E) {
  if (!isEventDefinition(event))
    throw new QueueConfigError('expected @OnBroadcast to get a definition made by defineEvent');
  return <M extends (payload: EventPayloadOf<E>) => unknown>(
    target: object,
    method: MethodName,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    checkMethod(`@OnBroadcast(${event.name})`, target, method, descriptor);
    marks.set(target, method, (known = []) => [...known, event]);
  };
}

/** The methods of a class that hear events, with these. */
export function hearingMethodsOf(prototype: object) {
  return marks
    .names(prototype)
    .flatMap((method) => marks.get(prototype, method)!.map((event) => ({ method, event })));
}

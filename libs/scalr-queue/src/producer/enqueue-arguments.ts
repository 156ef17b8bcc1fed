import type { EnqueueOptions } from '../contract/enqueue-options.js';
import type { AnyJobDefinition, InputOf } from '../contract/job-definition.js';

/** The payload and the options of an `enqueue` call; a job without a payload needs neither. */
export type EnqueueArguments<D extends AnyJobDefinition> = [void] extends [InputOf<D>]
  ? [payload?: InputOf<D>, options?: EnqueueOptions<InputOf<D>>]
  : [payload: InputOf<D>, options?: EnqueueOptions<InputOf<D>>];

/** One element of `enqueueMany`: a payload, or a payload with options of its own. */
export interface EnqueueItem<D extends AnyJobDefinition> {
  readonly payload: InputOf<D>;
  readonly options: Omit<EnqueueOptions<InputOf<D>>, 'signal' | 'tx'>;
}

/** What `enqueueMany` takes of each job. */
export type EnqueueItems<D extends AnyJobDefinition> = InputOf<D> | EnqueueItem<D>;

/** An item whatever its definition. */
export interface AnyItem {
  readonly payload: unknown;
  readonly options: EnqueueOptions;
}

/** Whether a value can be gone through, now or asynchronously; a text cannot be meant. */
export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return (
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  );
}

/** Exactly the two keys, so that a payload which merely has a `payload` key is taken as a payload. */
export function isItem(item: unknown): item is AnyItem {
  if (typeof item !== 'object' || item === null) return false;
  const keys = Object.keys(item);
  return keys.length === 2 && 'payload' in item && 'options' in item;
}

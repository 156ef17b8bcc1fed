import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { RecordedJob } from '../contract/outbox.js';
import { toStoredId } from '../engine/job-id.js';
import type { PreparedJob, StoredOptions } from '../engine/prepared-job.js';

/**
 * How long the id of a durable job is remembered after its end, whatever `keep.ids` says: until then PostgreSQL has heard of the end, or
 * asks. In milliseconds.
 */
const MIN_DURABLE_MEMORY = 3_600_000;

/** What is recorded beside the payload. Stored: what an earlier release recorded must be understood. */
interface RecordedOptions {
  readonly options: StoredOptions;
  readonly memory?: number;
}

/** A prepared job as the outbox takes it. */
export function toRecord(job: PreparedJob, { settings }: AnyJobDefinition, keepIds: number): RecordedJob {
  const { name, id, queue, json, options } = job;
  const durable = settings.durable === true;
  const memory = durable ? Math.max(job.memory ?? keepIds, MIN_DURABLE_MEMORY) : job.memory;
  const recorded: RecordedOptions = { options, ...(memory === undefined ? {} : { memory }) };
  return { name, id, queue, payload: json, options: JSON.stringify(recorded), durable };
}

/**
 * A recorded job, ready to be sent. Its delay counts from when it was recorded; its id counts as chosen, as it may have been sent before.
 * @throws Error where it cannot be read
 */
export function fromRecord(
  { name, id, queue, payload, options: text }: RecordedJob,
  now: number,
): PreparedJob {
  const { options, memory } = (JSON.parse(text) ?? {}) as Partial<RecordedOptions>;
  if (options?.jobId !== toStoredId(name, id)) throw new Error('its options cannot be read');
  const { delay = 0, timestamp = now, ...others } = options;
  // The engine counts the delay from the timestamp, too; one that is over means at once.
  const rest = timestamp + delay > now ? { delay } : {};
  return {
    id,
    name,
    queue,
    json: payload,
    contested: true,
    ...(memory === undefined ? {} : { memory }),
    options: { ...others, timestamp, ...rest },
  };
}

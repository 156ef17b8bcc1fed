import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { RedisConnections } from './connection/redis.connections.js';
import { DEFAULT_PAYLOAD_LIMIT } from '../../contract/defaults.js';
import { READ_JOBS } from './scripts/read-jobs.script.js';

/** Fields of the engine's record of a job that can be of any size. */
const LARGE = ['data', 'returnvalue', 'progress', 'failedReason', 'stacktrace', 'opts'] as const;
const SMALL = [
  'name',
  'timestamp',
  'processedOn',
  'finishedOn',
  'atm',
  'ats',
  'stc',
  'delay',
  'priority',
  'scalr:items',
] as const;
/** Jobs of a round trip: Redis and this process are held up for a few milliseconds at the most. */
const JOBS_PER_SLICE = 20;

/** A field that is too large to be read in full, with its beginning unless it is not read at all. */
export interface Oversize {
  readonly bytes: number;
  readonly beginning?: string;
}

/** A stored job as it lies in Redis: strings, but for what is too large. */
export type StoredFields = { readonly id: string } & {
  readonly [Field in (typeof SMALL)[number]]?: string;
} & { readonly [Field in (typeof LARGE)[number]]?: string | Oversize };

/** How much of each job is read. */
export interface ReadExtent {
  /** Bytes of a large field. */
  readonly bytes: number;
  /** Whether the payload is read in full nevertheless. */
  readonly wholePayload: boolean;
}

type Reply = string | number | null | [string, number];

/** Reads jobs for the dashboard. */
@Injectable()
export class StoredJobReader {
  constructor(private readonly connections: RedisConnections) {}

  /**
   * The jobs of these ids, in their order, a few at a time.
   * @param listed the ids stand in lists: of a job whose data is gone the id is all that there is to show
   */
  async *read(
    queue: Queue,
    ids: readonly string[],
    extent: ReadExtent,
    listed = false,
  ): AsyncGenerator<StoredFields[]> {
    const fields = [...SMALL, ...LARGE];
    const limits = [SMALL.length, DEFAULT_PAYLOAD_LIMIT, extent.bytes, extent.wholePayload ? 1 : 0];
    for (let from = 0; from < ids.length; from += JOBS_PER_SLICE) {
      const slice = ids.slice(from, from + JOBS_PER_SLICE);
      const keys = slice.map((id) => queue.toKey(id));
      const replies = (await READ_JOBS.run(this.connections.producer, keys, [...limits, ...fields])) as (
        Reply[] | null
      )[];
      yield replies.flatMap((reply, index) => {
        if (!reply) return listed ? [{ id: slice[index]! }] : [];
        const entries = fields.map((field, at) => [field, toField(reply[at])] as const);
        return [{ id: slice[index], ...Object.fromEntries(entries) } as StoredFields];
      });
    }
  }
}

function toField(value: Reply | undefined): string | Oversize | undefined {
  if (typeof value === 'number') return { bytes: value };
  // The last character may have been cut in two.
  if (Array.isArray(value)) return { beginning: value[0].replace(/\uFFFD{1,3}$/, ''), bytes: value[1] };
  return value ?? undefined;
}

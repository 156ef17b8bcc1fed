import { Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { RedisConnections } from '../connection/redis.connections.js';
import { DEFAULT_PAYLOAD_LIMIT } from '../options/defaults.js';

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
] as const;

/** A field that is too large to be read at all. */
export interface Oversize {
  readonly bytes: number;
}

/** A stored job as it lies in Redis: texts, but for what is too large. */
export type StoredJob = { readonly id: string } & {
  readonly [Field in (typeof SMALL)[number]]?: string;
} & { readonly [Field in (typeof LARGE)[number]]?: string | Oversize };

/** One field after the other, never the whole record: of fifty megabytes only the length comes over the network. */
const READ = `
local small, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local jobs = {}
for at, key in ipairs(KEYS) do
  local job = redis.call('HMGET', key, unpack(ARGV, 3, 2 + small))
  if job[1] then
    for field = 3 + small, #ARGV do
      local size = redis.call('HSTRLEN', key, ARGV[field])
      local tooLarge = size > limit
      job[#job + 1] = tooLarge and size or redis.call('HGET', key, ARGV[field])
    end
    jobs[at] = job
  else
    jobs[at] = false
  end
end
return jobs
`;

/** Reads jobs for the dashboard. */
@Injectable()
export class StoredJobReader {
  constructor(private readonly connections: RedisConnections) {}

  /** The jobs of these ids that are there, in their order. */
  async read(queue: Queue, ids: readonly string[]): Promise<StoredJob[]> {
    if (ids.length === 0) return [];
    const keys = ids.map((id) => queue.toKey(id));
    const fields = [...SMALL, ...LARGE];
    const options = [SMALL.length, DEFAULT_PAYLOAD_LIMIT, ...fields];
    const replies = (await this.connections.producer.eval(READ, keys.length, ...keys, ...options)) as (
      (string | number | null)[] | null
    )[];
    return replies.flatMap((reply, index) => {
      if (!reply) return [];
      const entries = fields.map((field, at) => [field, toField(reply[at])] as const);
      return [{ id: ids[index], ...Object.fromEntries(entries) } as StoredJob];
    });
  }
}

function toField(value: string | number | null | undefined): string | Oversize | undefined {
  return typeof value === 'number' ? { bytes: value } : (value ?? undefined);
}

import { Inject, Injectable } from '@nestjs/common';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { JobReader } from '../inspection/job.reader.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { deadKey, jobKey, type Position } from './dead-letter.cursor.js';

/** Only while it is dead, and of this same death: another process may have retried it, and it may have died anew. */
const STILL_DEAD = `
local failed, job = unpack(KEYS)
local id, diedAt = unpack(ARGV)
if tonumber(redis.call('ZSCORE', failed, id) or -1) ~= tonumber(diedAt) then return 0 end
`;

/**
 * Crashes from before the retry do not count against the job. One start does: a job that is put back by hand is neither
 * too late for `expiresIn` nor for its schedule. Nobody reads either field of a dead job, so a process that ends after this
 * leaves nothing half done.
 */
const PREPARE = `${STILL_DEAD}
redis.call('HDEL', job, 'stc', 'scalr:idle', 'scalr:aside', 'scalr:ended', 'scalr:endedStc')
redis.call('HSET', job, 'ats', 1)
return 1
`;

/** The engine's own remove would take the job wherever it is. */
const DISCARD = `${STILL_DEAD}
redis.call('ZREM', failed, id)
for _, part in ipairs({ '', ':logs', ':dependencies', ':processed', ':failed', ':unsuccessful' }) do
  redis.call('DEL', job .. part)
end
return 1
`;

/** What can be done to dead jobs; each job in one step of its own, so that two processes never do it twice. */
@Injectable()
export class DeadLetterActions {
  constructor(
    private readonly connections: RedisConnections,
    private readonly registry: QueueRegistry,
    private readonly reader: JobReader,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** Puts jobs back into their queues with all their attempts; returns how many were still dead. */
  async retry(positions: readonly Position[]): Promise<number> {
    const dead = await this.run(PREPARE, positions);
    const retried = await this.reader.bounded(() =>
      Promise.all(dead.map((position) => this.retryOne(position))),
    );
    return retried.filter(Boolean).length;
  }

  /** Removes jobs for good; returns how many were still dead. */
  async discard(positions: readonly Position[]): Promise<number> {
    return (await this.run(DISCARD, positions)).length;
  }

  /** The jobs that the script found dead. */
  private async run(script: string, positions: readonly Position[]): Promise<Position[]> {
    const { prefix } = this.options;
    const replies = await this.reader.bounded(() =>
      Promise.all(
        positions.map(({ queue, storedId, diedAt }) => {
          const keys = [deadKey(prefix, queue), jobKey(prefix, queue, storedId)];
          return this.connections.producer.eval(script, keys.length, ...keys, storedId, diedAt);
        }),
      ),
    );
    return positions.filter((_position, index) => replies[index] === 1);
  }

  private async retryOne({ queue, storedId }: Position): Promise<boolean> {
    const job = { id: storedId, opts: {} } as never;
    try {
      const backend = this.registry.get(queue).getBackend();
      await backend.retryFinishedJob(job, 'failed', { resetAttemptsMade: true });
      return true;
    } catch (error) {
      // The engine's codes: the job is gone, or not dead any more.
      if ([-1, -2, -3].includes((error as { code?: number }).code ?? 0)) return false;
      throw error;
    }
  }
}

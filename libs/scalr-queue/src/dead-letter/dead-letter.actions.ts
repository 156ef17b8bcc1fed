import { Injectable } from '@nestjs/common';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { JobReader } from '../inspection/job.reader.js';
import { parseFailure } from '../jobs/failure.js';
import type { Position } from './dead-letter.cursor.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';

/** The engine removes a job wherever it is, also when another process has just retried it; this only while it is dead. */
const DISCARD = `
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('DEL', KEYS[2], KEYS[2] .. ':logs')
return 1
`;

/** What can be done to dead jobs; each job in one step of its own, so that two processes never do it twice. */
@Injectable()
export class DeadLetterActions {
  constructor(
    private readonly connections: RedisConnections,
    private readonly registry: QueueRegistry,
    private readonly reader: JobReader,
    private readonly scanner: DeadLetterScanner,
  ) {}

  /** Puts jobs back into their queues with all their attempts; returns how many were still dead. */
  async retry(positions: readonly Position[]): Promise<number> {
    const reasons = await this.scanner.reasonsOf(positions);
    const done = await this.reader.bounded(() =>
      Promise.all(
        positions.map(({ queue, storedId }, index) => {
          const { kind } = parseFailure(reasons[index] ?? '');
          // A job that expired before its first start is told from one that started by the count of its starts.
          return this.retryOne(queue, storedId, kind !== 'expired');
        }),
      ),
    );
    return done.filter(Boolean).length;
  }

  /** Removes jobs for good; returns how many were still dead. */
  async discard(positions: readonly Position[]): Promise<number> {
    const replies = await this.reader.bounded(() =>
      Promise.all(
        positions.map(({ queue, storedId }) => {
          const { toKey } = this.registry.get(queue);
          return this.connections.producer.eval(DISCARD, 2, toKey('failed'), toKey(storedId), storedId);
        }),
      ),
    );
    return replies.filter((reply) => reply === 1).length;
  }

  private async retryOne(queue: string, storedId: string, resetAttemptsStarted: boolean): Promise<boolean> {
    const engineQueue = this.registry.get(queue);
    const job = { id: storedId, opts: {} } as never;
    try {
      const options = { resetAttemptsMade: true, resetAttemptsStarted };
      await engineQueue.getBackend().retryFinishedJob(job, 'failed', options);
    } catch (error) {
      // The engine's codes: the job is gone, or not dead any more.
      if ([-1, -2, -3].includes((error as { code?: number }).code ?? 0)) return false;
      throw error;
    }
    // Crashes from before the retry do not count against it.
    await this.connections.producer.hdel(engineQueue.toKey(storedId), 'stc');
    return true;
  }
}

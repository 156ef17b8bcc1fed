import { Inject, Injectable } from '@nestjs/common';
import { cancelsKey, parseCancelMember } from '../connection/cancel-requests.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { JobCancelledError } from '../errors/outcome.errors.js';
import { fromStoredId } from '../jobs/job-id.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { RunningJobs } from './running.jobs.js';

const INTERVAL = 500;
/** A request that no worker answered by then is for a job that ended by itself. */
const FORGET_AFTER = 3_600_000;
const MOST = 1_000;

/** Looks for requests to cancel jobs that run in this process; costs nothing while none runs. */
@Injectable()
export class CancelWatcher {
  private readonly key: string;
  private timer?: NodeJS.Timeout;
  private looking = false;

  constructor(
    private readonly connections: RedisConnections,
    private readonly running: RunningJobs,
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
  ) {
    this.key = cancelsKey(options.prefix);
  }

  start(): void {
    this.timer = setInterval(() => void this.look(), INTERVAL);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking || this.running.count === 0 || !this.connections.ready) return;
    this.looking = true;
    const redis = this.connections.producer;
    try {
      for (const member of await redis.zrange(this.key, '0', String(MOST))) {
        const { queue, storedId } = parseCancelMember(member);
        const aborted = this.running.abort(queue, storedId, new JobCancelledError(fromStoredId(storedId)));
        if (aborted) await redis.zrem(this.key, member);
      }
      await redis.zremrangebyscore(this.key, '-inf', String(Date.now() - FORGET_AFTER));
    } catch {
      // Redis is away: the request is still there when it is back.
    } finally {
      this.looking = false;
    }
  }
}

import { Injectable } from '@nestjs/common';
import { PING_JOB, type PingResult } from '../contract/ping.js';
import { takes } from '../contract/worker-info.js';
import { QueueEngine } from '../engine/queue.engine.js';
import type { AppSnapshot } from './app.state.js';

/** Asks whether a worker takes jobs from a queue. */
@Injectable()
export class QueuePinger {
  constructor(private readonly engine: QueueEngine) {}

  /**
   * @param app as it stands: without a live worker, or paused, there is nothing to wait for
   * @throws QueueUnavailableError
   */
  async ping(queue: string, timeout: number, app: AppSnapshot): Promise<PingResult> {
    const missed = (reason: PingResult['reason']) => ({ queue, answered: false, reason });
    if (!app.workers.some((worker) => takes(worker, queue, PING_JOB))) return missed('no-worker');
    if (app.queues.some(({ name, paused }) => name === queue && paused)) return missed('paused');
    const answer = await this.engine.queues.ping(queue, timeout);
    return answer ? { queue, answered: true, ...answer } : missed('timeout');
  }
}

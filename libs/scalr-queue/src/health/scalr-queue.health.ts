import { Injectable } from '@nestjs/common';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import { HealthReport } from './health.report.js';

/**
 * Health of the queue for an app's own terminus controller. Each check answers within 1 s even if Redis hangs, its result
 * is kept for 1 s, and it shows no host, version or error text.
 *
 * @example
 * this.health.check([() => this.queue.isHealthy('queue')]);
 */
@Injectable()
export class ScalrQueueHealthIndicator {
  /** @internal */
  constructor(private readonly report: HealthReport) {}

  /** `up` when Redis answers, else `down`. For readiness checks. */
  async isHealthy<const Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    const indicator = await check(key);
    return (await this.report.redisAnswers()) && this.report.fit ? indicator.up() : indicator.down();
  }

  /**
   * Depth and oldest pending age of the queues of the app; `down` when Redis does not answer. What is wrong though the queues
   * work, such as `no live worker handles invoice.send`, stands in `warnings`; it stays `up`, for no restart would help.
   */
  async queues<const Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    const indicator = await check(key);
    const report = await this.report.queues();
    return report ? indicator.up({ ...report }) : indicator.down();
  }
}

/** Loads terminus with the first check: who has none boots without. */
async function check<const Key extends string>(key: Key) {
  const { HealthIndicatorService } = await import('@nestjs/terminus');
  return new HealthIndicatorService().check(key);
}

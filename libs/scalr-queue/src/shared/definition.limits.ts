import { Injectable } from '@nestjs/common';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { limitUsesOf } from '../contract/limit-use.js';
import { cureOf } from '../contract/suggestion.js';
import type { Permit } from './limiter.js';
import { SharedRedis } from './shared.redis.js';

/** The limiters that attempts go through, as the setting `limits` of their definition says. */
@Injectable()
export class DefinitionLimits {
  constructor(private readonly shared: SharedRedis) {}

  /** @throws QueueConfigError for a limiter that no provider of the process has declared */
  check(definitions: Iterable<AnyJobDefinition>): void {
    for (const { name, settings } of definitions)
      for (const { limiter } of limitUsesOf(settings.limits)) {
        if (this.shared.declared(limiter)) continue;
        throw new QueueConfigError(
          `the job "${name}" has the limiter "${limiter}", which no provider of this worker declares: ` +
            `${cureOf(limiter, this.shared.declaredNames)}. Declare it in the constructor of a provider, with SharedRedis.limiter`,
        );
      }
  }

  /**
   * Takes what an attempt costs, in the order of the definition.
   *
   * @param onLost called when a place was lost
   * @returns gives everything back
   * @throws Snooze when there is no room
   */
  async admit(
    { settings }: AnyJobDefinition,
    payload: unknown,
    onLost: (reason: Error) => void,
  ): Promise<() => Promise<void>> {
    const permits: Permit[] = [];
    const release = async () => {
      await Promise.all(permits.map((permit) => permit.release()));
    };
    try {
      for (const { limiter, key, cost } of limitUsesOf(settings.limits)) {
        const permit = await this.shared.declared(limiter)!.acquire({
          ...(key ? { key: key(payload) } : {}),
          ...(cost === undefined ? {} : { cost: typeof cost === 'function' ? cost(payload) : cost }),
        });
        permits.push(permit);
        const { signal } = permit;
        signal.addEventListener('abort', () => onLost(signal.reason as Error), { once: true });
      }
      return release;
    } catch (error) {
      await release();
      throw error;
    }
  }
}

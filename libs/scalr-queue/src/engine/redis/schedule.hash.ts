import { Inject, Injectable } from '@nestjs/common';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { RedisConnections } from './connection/redis.connections.js';
import { queueKey, schedulesKey } from './keys.js';
import { ADMIT, DECLARE } from './scripts/schedule.scripts.js';

type Arguments = readonly (string | number)[];

/** The stored schedules of the app, field by field: one hash. Rejects with the error of the connection or of Redis. */
@Injectable()
export class ScheduleHash {
  private readonly key: string;

  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {
    this.key = schedulesKey(app.prefix);
  }

  /** All that is stored. */
  fields(): Promise<Record<string, string>> {
    return this.connections.producer.hgetall(this.key);
  }

  async set(field: string, value: string): Promise<void> {
    await this.connections.producer.hset(this.key, field, value);
  }

  async unset(field: string): Promise<void> {
    await this.connections.producer.hdel(this.key, field);
  }

  /**
   * Replaces the schedules of a program in one step, unless those of a worker that booted later are stored.
   * @param args what DECLARE takes
   * @returns the boot, then of each schedule that was removed or changed the text, the last slot and who had declared it
   */
  async declare(args: Arguments): Promise<string[]> {
    return (await this.connections.producer.eval(DECLARE, 1, this.key, ...args)) as string[];
  }

  /**
   * Decides in one step whether a job of a schedule may start, and notes that it does.
   * @param args what ADMIT takes
   * @returns the verdict; of a schedule that was changed also its text
   */
  async admit(queue: string, storedId: string, args: Arguments): Promise<[verdict: string, text?: string]> {
    const job = queueKey(this.app.prefix, queue, storedId);
    const reply = await this.connections.producer.eval(ADMIT, 2, this.key, job, ...args);
    return reply as [string, string?];
  }
}

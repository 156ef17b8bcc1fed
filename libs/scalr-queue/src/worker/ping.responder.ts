import { pongKey } from '../engine/redis/keys.js';
import { Injectable, Inject } from '@nestjs/common';
import type { StoredJob } from '../engine/stored-job.js';
import { hostname } from 'node:os';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { fromStoredId } from '../engine/job-id.js';
import { PING_JOB, type Pong } from '../contract/ping.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';

/** Nobody waits for an answer that long. */
const FORGET_AFTER = 60_000;

/** Answers the smoke test of `scalr-queue ping`. It is no job of the app: no handler, no event, no metric of it hears of one. */
@Injectable()
export class PingResponder {
  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  static isPing(job: Pick<StoredJob, 'name'>): boolean {
    return job.name === PING_JOB;
  }

  async answer(job: StoredJob): Promise<null> {
    const pong: Pong = { host: hostname(), pid: process.pid };
    const key = pongKey(this.options.prefix, fromStoredId(job.id ?? ''));
    await this.connections.producer.set(key, JSON.stringify(pong), 'PX', FORGET_AFTER);
    return null;
  }
}

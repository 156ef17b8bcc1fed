import { queueKey } from './keys.js';
import { Inject, Injectable } from '@nestjs/common';
import { RedisConnections } from './connection/redis.connections.js';
import type { StoredJob } from '../stored-job.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { PUT_ASIDE } from './scripts/worker/note-deferral.script.js';

/** One after the other, a job was put aside by workers without its handler. */
export interface AsideNote {
  /** Epoch milliseconds of the first time. */
  readonly since: number;
  readonly times: number;
}

/** Notes with a job that it was put aside: a count of its own, which starts and snoozes do not touch. */
@Injectable()
export class AsideNotes {
  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  async note(job: StoredJob, now: number): Promise<AsideNote> {
    const key = queueKey(this.app.prefix, job.queueName, job.id ?? '');
    const reply = await this.connections.producer.eval(PUT_ASIDE, 1, key, now, job.attemptsStarted);
    const [since, times] = (reply as string[]).map(Number);
    return { since: since!, times: times! };
  }
}

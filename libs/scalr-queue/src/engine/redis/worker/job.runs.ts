import type { Deferrals, JobRuns } from '../../engine-worker.js';
import type { StoredJob } from '../../stored-job.js';
import { queueKey } from '../keys.js';
import { NOTE_DEFERRAL } from '../scripts/worker/note-deferral.script.js';
import { untilAccepted } from './until-accepted.js';
import type { WorkerParts } from './worker.parts.js';

/** Writes about running jobs, in Redis. */
export class RedisJobRuns implements JobRuns {
  constructor(private readonly parts: WorkerParts) {}

  hasRun(job: StoredJob): Promise<boolean> {
    return this.parts.counts.hasRun(job);
  }

  snooze(job: StoredJob, token: string | undefined, delay: number, force: AbortSignal): Promise<void> {
    return untilAccepted(() => this.parts.counts.snooze(job, token, delay), force);
  }

  defer(job: StoredJob, token: string | undefined, delay: number, force: AbortSignal): Promise<void> {
    return untilAccepted(() => this.parts.counts.defer(job, token, delay), force);
  }

  noteIdle(job: StoredJob, token: string | undefined, force: AbortSignal): Promise<void> {
    return untilAccepted(() => this.parts.counts.noteIdle(job, token), force);
  }

  /** A count of its own, which starts and snoozes do not touch. */
  async noteDeferral(job: StoredJob, now: number): Promise<Deferrals> {
    const { connections, app } = this.parts;
    const key = queueKey(app.prefix, job.queueName, job.id ?? '');
    const reply = await connections.producer.eval(NOTE_DEFERRAL, 1, key, now, job.attemptsStarted);
    const [since, times] = (reply as string[]).map(Number);
    return { since: since!, times: times! };
  }
}

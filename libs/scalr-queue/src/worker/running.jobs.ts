import { Injectable } from '@nestjs/common';
import { fromStoredId } from '../jobs/job-id.js';
import type { StoredJob } from '../jobs/stored-job.js';
import type { Attempt } from './attempt.js';

/** The attempts that run in this process at this moment. */
@Injectable()
export class RunningJobs {
  private readonly attempts = new Map<string, Attempt>();

  add(job: StoredJob, attempt: Attempt): void {
    this.attempts.set(keyOf(job.queueName, job.id), attempt);
  }

  remove(job: StoredJob): void {
    this.attempts.delete(keyOf(job.queueName, job.id));
  }

  /** Ends one attempt with a reason; false when no such job runs here. */
  abort(queue: string, storedId: string, reason: Error): boolean {
    const attempt = this.attempts.get(keyOf(queue, storedId));
    attempt?.abort(reason);
    return attempt !== undefined;
  }

  abortAll(reason: Error): void {
    for (const attempt of this.attempts.values()) attempt.abort(reason);
  }

  /** The first of them. */
  first(most: number): { id: string; queue: string }[] {
    const first: { id: string; queue: string }[] = [];
    for (const key of this.attempts.keys()) {
      if (first.length === most) break;
      const [queue = '', storedId = ''] = key.split(' ', 2);
      first.push({ id: fromStoredId(storedId), queue });
    }
    return first;
  }

  get count(): number {
    return this.attempts.size;
  }
}

function keyOf(queue: string, storedId: string | undefined): string {
  return `${queue} ${storedId ?? ''}`;
}

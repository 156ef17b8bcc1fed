import { ScalrQueueError } from './scalr-queue.error.js';
import { shareClasses } from './shared-class.js';

/** The thread of a job died while it ran the job (`process.exit()`, out of memory), or could not run it at all. */
export class JobThreadError extends ScalrQueueError {
  readonly code = 'JOB_THREAD';

  constructor(handler: string, cause: unknown) {
    const { name, message, stack } = cause instanceof Error ? cause : new Error(String(cause));
    super(`the thread of ${handler} failed: ${name}: ${message}`, { cause });
    this.stack = `${this.stack ?? ''}\ncaused by ${stack ?? name}`;
  }
}

shareClasses({ JobThreadError });

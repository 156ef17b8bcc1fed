import { Logger } from '@nestjs/common';
import { fromStoredId } from '../jobs/job-id.js';
import { messageOf } from './redis-error.js';

const INTERVAL = 10_000;
/** What the engine says when it finds no job to write an outcome to. */
const FORGOTTEN = /^Missing key for job (\S+)\. /;

/**
 * Says at most once in ten seconds that Redis is in trouble, and that it is back when the trouble was told, however many
 * connections complain how often, and also when they come and go. Logs the message only: errors of ioredis carry the
 * command with its arguments.
 */
export class ConnectionLog {
  private readonly logger = new Logger('ScalrQueue');
  private lastAt = -Infinity;
  private hidden = 0;
  private told = false;

  constructor(private readonly where: string) {}

  trouble(error: Error): void {
    const now = performance.now();
    if (now - this.lastAt < INTERVAL) {
      this.hidden++;
      return;
    }
    const more = this.hidden > 0 ? ` (${this.hidden} more since the last line)` : '';
    this.logger.warn(`${this.lineOf(error)}${more}`);
    this.told = true;
    this.lastAt = now;
    this.hidden = 0;
  }

  private lineOf(error: Error): string {
    const forgotten = FORGOTTEN.exec(error.message)?.[1];
    if (forgotten === undefined) return `Redis at ${this.where}: ${messageOf(error)}; trying again`;
    return (
      `the outcome of job ${fromStoredId(forgotten)} was not stored, the job is no longer in Redis: it was removed while it ran, or ` +
      'Redis lost its last writes in a restart or a failover'
    );
  }

  recovered(): void {
    if (!this.told) return;
    this.told = false;
    this.logger.log(`Redis at ${this.where}: connected again`);
  }
}

import { Logger } from '@nestjs/common';
import { ErrorCode } from 'bullmq';
import { fromStoredId } from '../../job-id.js';
import { denialOf } from './acl-refusal.js';
import { messageOf } from './redis-error.js';
import { refusalOf, replyOf } from './redis-reply.js';

const LINE_INTERVAL_MS = 10_000;
/** A Redis that now takes locks and now does not is reported this often. */
const LOCKS_INTERVAL_MS = 60_000;
/** Upstream: BullMQ names the job that it cannot find only here. */
const ID_OF_MISSING = /^Missing key for job (\S+)\. /;

/**
 * Says at most once in ten seconds that Redis is in trouble, and that it is back when the trouble was reported, however many
 * connections complain how often, and also when they come and go. Logs the message only: errors of ioredis carry the
 * command with its arguments.
 */
export class ConnectionLog {
  private readonly logger = new Logger('ScalrQueue');
  private lastAt = -Infinity;
  private hidden = 0;
  private reported = false;
  private locksReported = false;
  private locksAt = -Infinity;

  constructor(private readonly where: string) {}

  trouble(error: Error): void {
    const now = performance.now();
    if (now - this.lastAt < LINE_INTERVAL_MS) {
      this.hidden++;
      return;
    }
    const more = this.hidden > 0 ? ` (${this.hidden} more since the last line)` : '';
    this.logger.warn(`${this.lineOf(error)}${more}`);
    this.reported = true;
    this.lastAt = now;
    this.hidden = 0;
  }

  private lineOf(error: Error): string {
    const isMissing = (error as { code?: unknown }).code === ErrorCode.JobNotExist;
    const forgotten = isMissing ? ID_OF_MISSING.exec(error.message)?.[1] : undefined;
    if (forgotten === undefined) return `Redis at ${this.where}: ${messageOf(error)}; trying again`;
    return (
      `the outcome of job ${fromStoredId(forgotten)} was not stored, the job is no longer in Redis: it was removed while it ran, or ` +
      'Redis lost its last writes in a restart or a failover'
    );
  }

  /**
   * Redis said no to the renewal of locks: reported once until it takes one again, however many jobs run and however often it
   * is asked.
   */
  locksRefused(error: Error): void {
    const now = performance.now();
    if (this.locksReported || now - this.locksAt < LOCKS_INTERVAL_MS) return;
    this.locksReported = true;
    this.locksAt = now;
    const why = denialOf(error) ?? refusalOf(error)?.why;
    const reply = replyOf(error.message);
    this.logger.warn(
      `Redis at ${this.where} refuses to renew the locks of running jobs: ${why ? `${why} (${reply})` : reply}. ` +
        'They run on; one whose lock has expired another worker may run as well',
    );
  }

  locksRenewed(): void {
    this.locksReported = false;
  }

  recovered(): void {
    if (!this.reported) return;
    this.reported = false;
    this.logger.log(`Redis at ${this.where}: connected again`);
  }
}

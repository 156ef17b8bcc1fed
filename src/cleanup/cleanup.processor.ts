import { Injectable, Logger } from '@nestjs/common';
import { DeadLetterService, JobContext, ProcessJob, type ResultOf, Scheduled } from 'scalr-queue';
import { DeliverWebhook } from '../webhooks/webhook.jobs.js';
import { CleanUp } from './cleanup.jobs.js';

/** Milliseconds: webhooks that are dead for a week are stale. */
const STALE_AFTER = 7 * 24 * 3_600_000;

@Injectable()
export class CleanupProcessor {
  private readonly logger = new Logger(CleanupProcessor.name);

  constructor(private readonly deadLetters: DeadLetterService) {}

  /** Every night at three, once for all workers; in the morning when no worker was up at three. */
  @ProcessJob(CleanUp)
  @Scheduled({ cron: '0 3 * * *', tz: 'Europe/Madrid', missed: 'once' })
  async cleanUp(_: void, ctx: JobContext): Promise<ResultOf<typeof CleanUp>> {
    const due = ctx.scheduledFor ?? ctx.enqueuedAt;
    const stale = { definition: DeliverWebhook, before: new Date(due.getTime() - STALE_AFTER) };
    const { deleted } = await this.deadLetters.delete(stale, { signal: ctx.signal });
    this.logger.log(`Removed ${deleted} dead webhooks from before ${stale.before.toISOString()}`);
    return { removed: deleted };
  }
}

import { Injectable } from '@nestjs/common';
import { Discard, JobContext, type PayloadOf, ProcessJob, type ResultOf, RetryLater } from 'scalr-queue';
import { WebhookClient } from './webhook.client.js';
import { DeliverWebhook } from './webhook.jobs.js';

/** Answers that a later attempt may change; with those from 500 on. */
const TRY_AGAIN = [408, 425, 429];

@Injectable()
export class WebhookProcessor {
  constructor(private readonly client: WebhookClient) {}

  /** The receiver gets the id of the job, which is the same at every attempt, to tell a webhook that it has seen before. */
  @ProcessJob(DeliverWebhook)
  async deliver(
    { url, event, data }: PayloadOf<typeof DeliverWebhook>,
    ctx: JobContext,
  ): Promise<ResultOf<typeof DeliverWebhook>> {
    const { status, retryAfter } = await this.client.post(url, ctx.id, { event, data }, ctx.signal);
    if (status >= 200 && status < 300) return { status };
    const failure = new Error(`the receiver answered ${status}`);
    const asksToWait = retryAfter !== undefined && [429, 503].includes(status);
    if (asksToWait) throw new RetryLater(retryAfter, { cause: failure });
    if (status >= 500 || TRY_AGAIN.includes(status)) throw failure;
    throw new Discard(failure.message);
  }
}

import { Body, Controller, Headers, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { EnqueueService, type PayloadOf } from 'scalr-queue';
import { DeliverWebhook } from './webhook.jobs.js';

/** Not for the public: whoever may post here has the worker call any address that it can reach. */
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly jobs: EnqueueService) {}

  /** The same `Idempotency-Key` again makes no second job. */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  async deliver(
    @Body() webhook: PayloadOf<typeof DeliverWebhook>,
    @Headers('idempotency-key') id?: string,
  ): Promise<{ jobId: string }> {
    const job = await this.jobs.enqueue(DeliverWebhook, webhook, { id });
    return { jobId: job.id };
  }
}

import { Module } from '@nestjs/common';
import { WebhookClient } from './webhook.client.js';
import { WebhookProcessor } from './webhook.processor.js';

/** Webhooks in the worker process. */
@Module({ providers: [WebhookClient, WebhookProcessor] })
export class WebhooksWorkerModule {}

import { Module } from '@nestjs/common';
import { WebhooksController } from './webhooks.controller.js';

/** Webhooks in the web process. */
@Module({ controllers: [WebhooksController] })
export class WebhooksModule {}

import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { OrderProcessor } from './order.processor.js';

/** Orders in the worker process. */
@Module({ imports: [MailModule], providers: [OrderProcessor] })
export class OrdersWorkerModule {}

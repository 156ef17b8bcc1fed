import { Injectable } from '@nestjs/common';
import { Discard, JobContext, type PayloadOf, ProcessJob } from 'scalr-queue';
import { Mailer, RecipientRefusedError } from '../mail/mailer.js';
import { ConfirmOrder } from './order.jobs.js';

@Injectable()
export class OrderProcessor {
  constructor(private readonly mailer: Mailer) {}

  @ProcessJob(ConfirmOrder)
  async confirm({ orderId, email }: PayloadOf<typeof ConfirmOrder>, ctx: JobContext): Promise<void> {
    try {
      await this.mailer.send({
        messageId: `<${ctx.id}@orders.example.com>`,
        to: email,
        subject: `Order ${orderId}`,
        text: `We have your order ${orderId}.`,
      });
    } catch (error) {
      if (error instanceof RecipientRefusedError) throw new Discard(error.message, { cause: error });
      throw error;
    }
  }
}

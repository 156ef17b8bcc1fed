import { Injectable, UseGuards } from '@nestjs/common';
import { Discard, JobContext, type PayloadOf, ProcessJob, type ResultOf } from 'scalr-queue';
import { TenantGuard } from '../context/tenant.guard.js';
import { Mailer, RecipientRefusedError } from '../mail/mailer.js';
import { SendInvoice } from './invoice.jobs.js';

@Injectable()
@UseGuards(TenantGuard)
export class InvoiceProcessor {
  constructor(private readonly mailer: Mailer) {}

  /** The Message-ID comes from the job, so that a mail sent twice after a crash is recognised as the same one. */
  @ProcessJob(SendInvoice)
  async send(
    { invoiceId, email }: PayloadOf<typeof SendInvoice>,
    ctx: JobContext,
  ): Promise<ResultOf<typeof SendInvoice>> {
    const messageId = `<${ctx.id}@invoices.example.com>`;
    try {
      await this.mailer.send({
        messageId,
        to: email,
        subject: `Invoice ${invoiceId}`,
        text: `Your invoice ${invoiceId} is ready.`,
      });
      return { messageId };
    } catch (error) {
      if (error instanceof RecipientRefusedError) throw new Discard(error.message, { cause: error });
      throw error;
    }
  }
}

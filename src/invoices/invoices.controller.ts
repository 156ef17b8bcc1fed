import { Body, Controller, Headers, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { EnqueueService } from 'scalr-queue';
import { SendInvoice } from './invoice.jobs.js';

@Controller('invoices')
export class InvoicesController {
  constructor(private readonly jobs: EnqueueService) {}

  /**
   * Answers as soon as the job is stored. The schema of the job checks the input; what is wrong becomes a 400.
   * The same `Idempotency-Key` again makes no second job.
   */
  @Post(':id/send')
  @HttpCode(HttpStatus.ACCEPTED)
  async send(
    @Param('id') invoiceId: string,
    @Body('email') email = '',
    @Headers('idempotency-key') id?: string,
  ): Promise<{ jobId: string }> {
    const job = await this.jobs.enqueue(SendInvoice, { invoiceId, email }, { id });
    return { jobId: job.id };
  }
}

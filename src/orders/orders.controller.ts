import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { EnqueueService } from 'scalr-queue';
import { ConfirmOrder } from './order.jobs.js';
import { OrderStore } from './order.store.js';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly orders: OrderStore,
    private readonly jobs: EnqueueService,
  ) {}

  /** Stores an order and enqueues its confirmation, both in one transaction: there is never one without the other. */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  place(@Body('email') email = ''): Promise<{ orderId: string; jobId: string }> {
    const orderId = randomUUID();
    return this.orders.transaction(async (tx) => {
      const job = await this.jobs.enqueue(ConfirmOrder, { orderId, email }, { tx });
      await tx.query('insert into orders (id, email, job_id) values ($1, $2, $3)', [orderId, email, job.id]);
      return { orderId, jobId: job.id };
    });
  }
}

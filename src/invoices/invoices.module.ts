import { Module } from '@nestjs/common';
import { InvoicesController } from './invoices.controller.js';

/** Invoices in the web process. */
@Module({ controllers: [InvoicesController] })
export class InvoicesModule {}

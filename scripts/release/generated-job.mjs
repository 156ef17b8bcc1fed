// @ts-nocheck: its imports are those of the app that it runs in.
/** Run inside of a generated app: enqueues its job as the web process would, in the module system of the app, and waits for it. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const isEsm = JSON.parse(readFileSync('package.json', 'utf8')).type === 'module';
const require = createRequire(import.meta.url);
const load = (name) => (isEsm ? import(name) : require(name));

const { NestFactory } = await load('@nestjs/core');
const { EnqueueService } = await load('scalr-queue');
const { AppModule } = await load('./dist/app.module.js');
const { SendInvoice } = await load('./dist/invoices/send-invoice.jobs.js');

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const jobs = app.get(EnqueueService, { strict: false });
await jobs.enqueueAndWait(SendInvoice, { id: '42' }, { waitFor: '20s' });
await app.close();

import { Module } from '@nestjs/common';
import { JobHooks } from './job.hooks.js';

/** Code of the app around its jobs. */
@Module({ providers: [JobHooks], exports: [JobHooks] })
export class HooksModule {}

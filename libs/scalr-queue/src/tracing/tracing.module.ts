import { Module } from '@nestjs/common';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { loadTracing } from './load-tracing.js';
import { Tracing } from './tracing.js';

/** Traces for an app that asks for them. */
@Module({
  providers: [{ provide: Tracing, useFactory: loadTracing, inject: [RESOLVED_OPTIONS] }],
  exports: [Tracing],
})
export class TracingModule {}

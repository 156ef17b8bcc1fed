import { Module } from '@nestjs/common';
import { QueueConfigError } from '../errors/configuration.errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { RESOLVED_OPTIONS } from '../options/tokens.js';
import { Tracing } from './tracing.js';

/** Traces for an app that asks for them; OpenTelemetry is loaded for no other. */
@Module({
  providers: [{ provide: Tracing, useFactory: createTracing, inject: [RESOLVED_OPTIONS] }],
  exports: [Tracing],
})
export class TracingModule {}

async function createTracing({ tracing, app }: ResolvedOptions): Promise<Tracing> {
  if (!tracing) return new Tracing();
  try {
    const { OtelTracing } = await import('./otel.tracing.js');
    return new OtelTracing(app);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new QueueConfigError(
      'tracing is on, but @opentelemetry/api is not installed: npm install @opentelemetry/api, or set tracing to false',
      { cause },
    );
  }
}

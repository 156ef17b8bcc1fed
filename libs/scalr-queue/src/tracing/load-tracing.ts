import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { Tracing } from './tracing.js';

const loaded = new WeakMap<ResolvedOptions, Promise<Tracing>>();

/**
 * What traces the app, as its options say: the same for all who ask with the same options. OpenTelemetry is loaded for no app
 * that does not ask for it.
 * @throws QueueConfigError when its package is not installed
 */
export function loadTracing(options: ResolvedOptions): Promise<Tracing> {
  const tracing = loaded.get(options) ?? load(options);
  loaded.set(options, tracing);
  return tracing;
}

async function load({ tracing, app }: ResolvedOptions): Promise<Tracing> {
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

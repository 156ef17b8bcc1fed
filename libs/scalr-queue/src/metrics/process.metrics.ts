import type { Registry } from 'prom-client';

/** Gauges that call themselves counters, which promtool complains about; the same stands in others by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

let registry: Registry | undefined;

/** Memory, CPU, event loop and garbage collection: of the process, so once however many apps run in it. */
export async function processMetrics(): Promise<string> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  if (!registry) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
  }
  return registry.metrics();
}

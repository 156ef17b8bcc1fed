import { resolveOptions } from '../config/resolved-options.js';
import { loadTracing } from './load-tracing.js';

const options = (tracing: boolean) => resolveOptions({ app: 'billing', redis: 'redis://localhost', tracing });

it.each([true, false])('loads what traces an app once, with tracing %s', async (tracing) => {
  const given = options(tracing);
  expect(await loadTracing(given)).toBe(await loadTracing(given));
  expect(await loadTracing(options(tracing))).not.toBe(await loadTracing(given));
});

import type { ExecutionContext } from '@nestjs/common';
import { MetricsTokenGuard } from 'scalr-queue';
import { vi } from 'vitest';
import { HealthController } from './health.controller.js';

const guardsOf = (name: keyof HealthController): unknown =>
  Reflect.getMetadata('__guards__', HealthController.prototype[name]);
const asking = (authorization?: string) =>
  ({ switchToHttp: () => ({ getRequest: () => ({ headers: { authorization } }) }) }) as ExecutionContext;

it('keeps the whole report for those with the token, and the probes open', () => {
  expect(guardsOf('report')).toEqual([MetricsTokenGuard]);
  expect([guardsOf('live'), guardsOf('ready')]).toEqual([undefined, undefined]);
});

it('is closed in production without a token, and open on a laptop', () => {
  onTestFinished(() => void vi.unstubAllEnvs());
  const guard = new MetricsTokenGuard();
  vi.stubEnv('SCALR_METRICS_TOKEN', undefined);
  expect(guard.canActivate(asking())).toBe(true);
  vi.stubEnv('NODE_ENV', 'production');
  expect(() => guard.canActivate(asking())).toThrow('set SCALR_METRICS_TOKEN');
  vi.stubEnv('SCALR_METRICS_TOKEN', 'sesame');
  expect(() => guard.canActivate(asking())).toThrow('Unauthorized');
  expect(guard.canActivate(asking('Bearer sesame'))).toBe(true);
});

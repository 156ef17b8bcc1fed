import { defineJob } from 'scalr-queue';
import type { SharedRedis } from 'scalr-queue/shared';

// Compiled by test/package/type-tests.e2e-spec.ts, and not with the rest: the names hold for all that is compiled together.

declare module 'scalr-queue' {
  interface SharedLimiters {
    stripe: true;
    tenants: true;
  }
}

export const definitions = [
  defineJob<string>('a', { limits: ['stripe', { limiter: 'tenants', key: (tenant) => tenant }] }),
  // @ts-expect-error an unknown limiter
  defineJob('a', { limits: ['nope'] }),
  // @ts-expect-error an unknown limiter with a key
  defineJob<string>('a', { limits: [{ limiter: 'nope', key: (tenant) => tenant }] }),
  // @ts-expect-error an unknown limiter after a known one
  defineJob('a', { limits: ['stripe', 'tenant'] }),
];

export function declare(shared: SharedRedis): void {
  shared.limiter('stripe', { window: { max: 1, per: '1s' } });
  // @ts-expect-error an unknown limiter
  shared.limiter('nope', { window: { max: 1, per: '1s' } });
}

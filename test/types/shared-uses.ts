import { defineJob } from 'scalr-queue';
import { defineEvent, Leader, OnBroadcast, type SharedRedis } from 'scalr-queue/shared';
import { z } from 'zod';

// Compiled by `npm run typecheck`, never run: each marked line must not compile.

const PriceChanged = defineEvent('price.changed', { payload: z.object({ sku: z.string() }) });
const Flush = defineEvent('flush');

export const definition = defineJob('sync', {
  payload: z.object({ tenant: z.string(), size: z.coerce.number() }),
  // The handler's side of the payload: a number, whatever was enqueued.
  limits: ['stripe', { limiter: 'tenants', key: ({ tenant }) => tenant, cost: ({ size }) => size.valueOf() }],
});

const payload = z.object({ id: z.string() });

export const definitions = [
  // @ts-expect-error the key is made of the payload
  defineJob('a', { payload, limits: [{ limiter: 'b', key: ({ ids }) => String(ids) }] }),
  // @ts-expect-error a limiter has a name
  defineJob('a', { limits: [5] }),
];

export async function share(shared: SharedRedis): Promise<void> {
  const limiter = shared.limiter('stripe', { bucket: { capacity: 1, refill: 1, per: '1s' } });
  const charged: number = await limiter.run(() => 5, { key: 'acme', wait: '1s' });
  // @ts-expect-error one kind only
  shared.limiter('two', { bucket: { capacity: 1, refill: 1, per: '1s' }, window: { max: 1, per: '1s' } });
  // @ts-expect-error one kind at least
  shared.limiter('none', {});
  // @ts-expect-error a number in a text is no duration
  await limiter.run(() => charged, { wait: '1000' });
  const fence: number = await shared.lock('rebuild', { lease: '30s' }, ({ fence: number }) => number);
  // @ts-expect-error the fence is a number
  await shared.lock('rebuild', {}, ({ fence: text }) => text.slice(fence));
  await shared.broadcast(PriceChanged, { sku: 'A1' });
  await shared.broadcast(Flush);
  // @ts-expect-error not its payload
  await shared.broadcast(PriceChanged, { sku: 1 });
  // @ts-expect-error its payload is missing
  await shared.broadcast(PriceChanged);
}

@Leader('reconciler')
export class Reconciler {
  onElected(_signal: AbortSignal): void {}

  @OnBroadcast(PriceChanged)
  forget(_price: { sku: string }): void {}

  // @ts-expect-error not the payload of the event
  @OnBroadcast(PriceChanged)
  wrong(_price: { sku: number }): void {}
}

// @ts-expect-error a leader has onElected
@Leader('other')
export class Other {}

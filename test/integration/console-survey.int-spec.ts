import { Injectable, Logger } from '@nestjs/common';
import { defineJob, ProcessJob } from 'scalr-queue';
import { SharedRedis } from 'scalr-queue/shared';
import { startProducer, startWorker } from '../support/apps.js';
import { startConsole } from '../support/console.js';
import { eventually } from '../support/eventually.js';
import { documentedConsole, startRedisWithUsers } from '../support/redis-users.js';

const Held = defineJob('held', { queue: 'held' });
const Once = defineJob<{ text: string }>('once', {
  queue: 'held',
  unique: { key: () => 'a@example.com' },
});

@Injectable()
class Holder {
  @ProcessJob(Held)
  held() {}
}

it('shows what holds jobs back, and what takes the memory', async () => {
  Logger.overrideLogger(false);
  const redis = await startRedisWithUsers('shop');
  await redis.asOperator('ACL', 'SETUSER', ...documentedConsole());
  const shop = await startProducer({ app: 'shop', redis: redis.as('shop') });
  const { json } = await startConsole({ redis: redis.as('console') });
  const worker = await startWorker({
    app: 'shop',
    redis: redis.as('shop'),
    queues: { held: { rateLimit: { max: 5, per: '1h' }, globalConcurrency: 2 } },
    providers: [Holder],
  });
  await shop.queue.enqueue(Held, undefined);
  await shop.queue.enqueue(Once, { text: 'x'.repeat(20_000) }, { delay: '1h' });
  const shared = worker.context.get(SharedRedis);
  await shared.limiter('stripe', { window: { max: 3, per: '1h' } }).run(() => undefined, { key: 'acme' });
  const limits = async () => (await json('/api/limits?app=shop')).body;
  await shared.lock('rebuild', { lease: '30s' }, () =>
    eventually(async () =>
      expect(await limits()).toEqual({
        queues: [
          {
            app: 'shop',
            name: 'held',
            running: 0,
            concurrency: 2,
            rateLimit: { max: 5, per: 3_600_000, used: 1, resetInMs: expect.any(Number) },
          },
        ],
        limiters: [expect.objectContaining({ app: 'shop', name: 'stripe', waiters: [] })],
        locks: [expect.objectContaining({ app: 'shop', name: 'rebuild', heldFor: expect.any(Number) })],
        notes: [],
      }),
    ),
  );
  const { body } = await json('/api/memory?app=shop');
  expect(body).toMatchObject({ app: 'shop', complete: true, unique: { count: 1 } });
  expect(body['parts']).toContainEqual(
    expect.objectContaining({ queue: 'held', what: 'jobs', kind: 'once', keys: 1 }),
  );
  const [first] = body['largest'] as unknown as { name: string; bytes: number }[];
  expect(first).toMatchObject({ queue: 'held', name: 'once' });
  expect(first!.bytes).toBeGreaterThan(20_000);
  expect(body['unique']).toMatchObject({
    oldest: [{ queue: 'held', name: 'once', since: expect.any(String) }],
  });
  expect(JSON.stringify(body)).not.toContain('a@example.com');
});

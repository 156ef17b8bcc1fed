import { Injectable } from '@nestjs/common';
import { defineEvent, OnBroadcast, SharedRedis } from 'scalr-queue/shared';
import { startProducer, uniqueApp } from '../support/apps.js';
import { startNode } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';

const Told = defineEvent<{ n: number }>('told');

it('limits, locks and broadcasts work in a cluster: all keys lie in the slot of the app', async () => {
  const node = await startNode();
  onTestFinished(() => node.stop());
  await node.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const heard: number[] = [];

  @Injectable()
  class Hearer {
    @OnBroadcast(Told)
    told({ n }: { n: number }) {
      heard.push(n);
    }
  }

  const app = uniqueApp();
  const redis = { cluster: [{ host: '127.0.0.1', port: node.port }] };
  const { get } = await startProducer({ app, redis, providers: [Hearer] });
  const shared = get(SharedRedis);
  const limiter = shared.limiter('places', {
    concurrent: { max: 1 },
    breaker: { failures: 5, per: '1m', open: '1m' },
  });
  await eventually(() => limiter.run(() => 1));
  await limiter.run(async () => {
    await expect(limiter.run(() => 2)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
  expect(await shared.lock('rebuild', {}, ({ fence }) => fence)).toBeGreaterThan(0);
  await eventually(async () => expect(await shared.limits()).toHaveLength(1));
  for (let n = 0; n < 3; n++) await shared.broadcast(Told, { n });
  await eventually(() => expect(heard).toEqual([0, 1, 2]));
  const keys = (await node.cli('KEYS', '*')).trim().split('\n');
  expect(keys.length).toBeGreaterThan(2);
  expect(keys.every((key) => key.startsWith(`scalr:{${app}}:~`))).toBe(true);
  // Each expires by itself.
  const lives = await Promise.all(keys.map(async (key) => Number(await node.cli('PTTL', key))));
  expect(lives.every((ms) => ms !== -1)).toBe(true);
});

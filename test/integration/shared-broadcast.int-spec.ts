import { Injectable } from '@nestjs/common';
import {
  type BroadcastGap,
  defineEvent,
  type EventPayloadOf,
  OnBroadcast,
  SharedRedis,
} from 'scalr-queue/shared';
import { z } from 'zod';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const PriceChanged = defineEvent('price.changed', {
  payload: z.object({ sku: z.string(), at: z.coerce.number() }),
});
const Flush = defineEvent('flush');

function hearer(heard: unknown[], gaps?: BroadcastGap[]) {
  @Injectable()
  class Cache {
    @OnBroadcast(PriceChanged)
    forget(price: EventPayloadOf<typeof PriceChanged>) {
      heard.push(price);
      if (price.sku === 'bad') throw new Error('the handler failed');
    }

    @OnBroadcast(Flush)
    flush() {
      heard.push('flush');
    }

    onGap(gap: BroadcastGap) {
      gaps?.push(gap);
    }
  }
  return Cache;
}

describe('a broadcast', () => {
  it('is heard in every process, web and worker, in order, by its schema, also after a handler failed', async () => {
    const app = uniqueApp();
    const [web, worker]: [unknown[], unknown[]] = [[], []];
    const { get } = await startProducer({ app, providers: [hearer(web)] });
    await startWorker({ app, providers: [hearer(worker)] });
    const shared = get(SharedRedis);
    await shared.broadcast(PriceChanged, { sku: 'bad', at: 1 });
    await shared.broadcast(PriceChanged, { sku: 'A1', at: '2' });
    await shared.broadcast(Flush);
    const all = [{ sku: 'bad', at: 1 }, { sku: 'A1', at: 2 }, 'flush'];
    await eventually(() => expect([web, worker]).toEqual([all, all]));
  });

  it('is refused when its payload does not fit, and when it is none', async () => {
    const { get } = await startProducer({ app: uniqueApp() });
    const shared = get(SharedRedis);
    await expect(shared.broadcast(PriceChanged, { sku: 1 } as never)).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
    });
    await expect(shared.broadcast({ name: 'made up' } as never, undefined as never)).rejects.toThrow(
      'made by defineEvent',
    );
    expect(() => defineEvent('a b')).toThrow('the name of the event');
  });

  it('said while a process is cut off is heard when it is back', async () => {
    const app = uniqueApp();
    await using server = await RedisServer.start();
    const heard: unknown[] = [];
    const gaps: BroadcastGap[] = [];
    await startProducer({ app, redis: server.url, providers: [hearer(heard, gaps)] });
    const speaker = await startProducer({ app, redis: server.url });
    await speaker.get(SharedRedis).broadcast(Flush);
    await eventually(() => expect(heard).toEqual(['flush']));
    await server.kill();
    await expect(speaker.get(SharedRedis).broadcast(Flush)).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
    });
    await server.restart();
    await eventually(() => speaker.get(SharedRedis).broadcast(PriceChanged, { sku: 'back', at: 1 }));
    await eventually(() => expect(heard).toContainEqual({ sku: 'back', at: 1 }), { timeout: 20_000 });
    expect(gaps).toEqual([]);
  });

  it('that was lost is told: how many, or that nobody knows', async () => {
    const app = uniqueApp();
    await using server = await RedisServer.start();
    const heard: unknown[] = [];
    const gaps: BroadcastGap[] = [];
    await startProducer({ app, redis: server.url, providers: [hearer(heard, gaps)] });
    const { get } = await startProducer({ app, redis: server.url });
    const shared = get(SharedRedis);
    await shared.broadcast(Flush);
    await eventually(() => expect(heard).toHaveLength(1));
    const stream = `scalr:{${app}}:~cast`;
    // Three more, of which the first two are gone before anybody has read them.
    const add = (n: number) => `redis.call('XADD', KEYS[1], '*', 'n', ${n}, 's', s, 'e', 'flush', 'p', '')`;
    await server.cli(
      'EVAL',
      `local s = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][2][4]
       ${[2, 3, 4].map(add).join(' ')} redis.call('XTRIM', KEYS[1], 'MAXLEN', 1)`,
      '1',
      stream,
    );
    await eventually(() => expect(heard).toHaveLength(2));
    expect(gaps).toEqual([{ missed: 2 }]);
    await server.cli('FLUSHALL');
    await shared.broadcast(Flush);
    await eventually(() => expect(heard).toHaveLength(3));
    expect(gaps).toEqual([{ missed: 2 }, { missed: undefined }]);
  });
});

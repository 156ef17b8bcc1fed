import { Redis } from 'ioredis';
import { defineJob } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { handlerOf } from '../conformance/driver.js';
import { AnsweringRedis } from '../support/answering-redis.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Note = defineJob<string>('note');
/** Waits that end at once, as if their time was over. */
const WAITS = 30;
const LOOKS = 5;

describe('an idle worker', () => {
  it('asks no more than it must, and finds what waits though its marker is lost', async () => {
    const app = uniqueApp();
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const key = (part: string) => `scalr:{${app}}:default:${part}`;
    const sent = (command: RegExp, argument: (one: string) => boolean) =>
      front.commands.filter(([name = '', ...args]) => command.test(name) && args.some(argument)).length;
    let waits = 0;
    front.answer(([name]) => (name === 'bzpopmin' && waits++ < WAITS ? { reply: null } : undefined));
    const ran: string[] = [];
    const handler = handlerOf(Note, async (text) => void ran.push(text));
    const worker = { lockDuration: '2s', stalledInterval: 100 } as const;
    await startWorker({ app, redis: front.url, worker, providers: [handler] });
    const looks = () => sent(/^evalsha?$/i, (one) => one.includes('}:~ahead:') && !one.includes('local'));
    await eventually(() => expect(waits).toBeGreaterThan(WAITS));
    await eventually(() => expect(looks()).toBeGreaterThan(LOOKS));
    // When it began, and after the first look into an empty queue.
    expect(sent(/^evalsha?$/i, (one) => one.includes('}:~finished:'))).toBeLessThanOrEqual(2);
    expect(sent(/^evalsha?$/i, (one) => one === key('stalled-check'))).toBe(0);

    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const { queue } = await startProducer({ app });
    const hour = { delay: '1h' } as const;
    const waiting = `note~${(await queue.enqueue(Note, 'waiting', hour)).id}`;
    const delayed = `note~${(await queue.enqueue(Note, 'delayed', hour)).id}`;
    await redis
      .multi()
      .zrem(key('delayed'), waiting)
      .lpush(key('wait'), waiting)
      .zadd(key('delayed'), Date.now() * 0x1000, delayed)
      .del(key('marker'))
      .exec();
    await eventually(() => expect(ran.toSorted()).toEqual(['delayed', 'waiting']), { timeout: 30_000 });
  });
});

import { Redis } from 'ioredis';
import { defineJob, InvalidOptionError, type QueueSample, QueuesService } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, uniqueApp } from '../support/apps.js';
import { commandsOf } from '../support/command-line.js';
import { sharedRedisUrl } from '../support/redis.js';

interface Charge {
  readonly tenant: unknown;
  readonly note?: string;
}
const Charge = defineJob<Charge>('card.charge', {
  queue: 'cards',
  tags: ({ tenant }) => (typeof tenant === 'string' ? [`tenant:${tenant}`, 'card'] : []),
});
const Refund = defineJob<Charge>('card.refund', { queue: 'cards' });

const sharesOf = ({ parts }: QueueSample) =>
  Object.fromEntries(parts.map(({ value = 'none', share }) => [String(value), Math.round(100 * share)]));

describe('a sample of a queue', () => {
  it('is spread over all that wait, whatever came first, and says what it is', async () => {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app });
    const queues = get(QueuesService);
    const many = (tenant: string, count: number) => Array.from({ length: count }, () => ({ tenant }));
    await queue.enqueueMany(Charge, many('acme', 1_200));
    await queue.enqueueMany(Refund, many('initech', 400));
    await queue.enqueueMany(Charge, many('hooli', 400), { priority: 3 });

    const kinds = await queues.sample('cards', { by: 'kind', size: 200 });
    expect(kinds).toMatchObject({ queue: 'cards', by: 'kind', total: 2_000, lookedAt: 200, exact: false });
    expect(kinds).toMatchObject({ damaged: 0, tooLarge: 0, others: 0 });
    // Each tenth of the line is looked at as often as any other: what stands together is counted to the job.
    expect(sharesOf(kinds)).toEqual({ 'card.charge': 80, 'card.refund': 20 });
    expect(kinds.parts[0]).toMatchObject({ value: 'card.charge', jobs: 160, estimate: 1_600 });
    expect(kinds.parts[1]!.bytes).toBe(40 * '{"tenant":"initech"}'.length);
    expect(sharesOf(await queues.sample('cards', { by: 'tag', size: 200 }))).toEqual({
      card: 80,
      'tenant:acme': 60,
      'tenant:hooli': 20,
      none: 20,
    });
    expect(sharesOf(await queues.sample('cards', { by: { payload: 'tenant' }, size: 200 }))).toEqual({
      acme: 60,
      initech: 20,
      hooli: 20,
    });
    const { cli, json } = commandsOf(app);
    const shown = await cli('queues sample cards --by tag --size 200');
    expect(shown.out.replaceAll(/ +/g, ' ').split('\n').slice(0, 4)).toEqual([
      '2000 jobs waiting, 200 of them looked at: ~ is an estimate',
      '',
      'SHARE JOBS PAYLOAD TAG',
      '~80 % ~1600 17 B card',
    ]);
    expect(await json('queues sample cards --payload tenant')).toMatchObject({
      by: { payload: 'tenant' },
      lookedAt: 500,
      parts: [{ value: 'acme' }, {}, {}],
    });
    expect(await cli('queues sample cards --by tag --payload tenant')).toMatchObject({ code: 2 });
    expect(await cli('queues sample crads')).toMatchObject({
      code: 1,
      err: expect.stringContaining('unknown queue "crads"') as string,
    });
  });

  it('counts a short queue, and apart what is damaged or too large', async () => {
    const app = uniqueApp();
    const { queue, get } = await startProducer({ app });
    const queues = get(QueuesService);
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const keyOf = (name: string, id: string) => `scalr:{${app}}:cards:${name}~${id}`;
    const values: unknown[] = ['acme', '7', 7, null, true, ['acme'], { of: 'acme' }, '', 'x'.repeat(300)];
    for (const tenant of values) await queue.enqueue(Refund, { tenant });
    await queue.enqueue(Refund, { tenant: 'acme', note: 'x'.repeat(70_000) });
    await queue.enqueue(Refund, { tenant: 'acme', note: 'x'.repeat(2_000) });
    for (const id of ['gone', 'text', 'options', 'payload'])
      await queue.enqueue(Refund, { tenant: 'acme' }, { id });
    await redis.del(keyOf('card.refund', 'gone'));
    await redis.set(keyOf('card.refund', 'text'), 'text');
    await redis.hset(keyOf('card.refund', 'options'), 'opts', 'x'.repeat(100_000));
    await redis.hset(keyOf('card.refund', 'payload'), 'data', '{"tenant":');

    const sample = await queues.sample('cards', { by: { payload: 'tenant' } });
    expect(sample).toMatchObject({ total: 15, lookedAt: 15, exact: true, damaged: 4, tooLarge: 1 });
    expect(sample.parts.map(({ value, jobs }) => [value, jobs])).toEqual(
      expect.arrayContaining([
        ['acme', 2],
        [undefined, 2],
        ['7', 1],
        [7, 1],
        [null, 1],
        [true, 1],
        ['', 1],
        ['x'.repeat(200), 1],
      ]),
    );
    const sizes = await queues.sample('cards', { by: 'size' });
    expect(sizes).toMatchObject({ damaged: 3, tooLarge: 0 });
    expect(sizes.parts.map(({ value, jobs }) => [value, jobs])).toEqual([
      ['under 1 KiB', 10],
      ['64 to 256 KiB', 1],
      ['1 to 4 KiB', 1],
    ]);
    const { out } = await commandsOf(app).cli('queues sample cards --payload tenant');
    expect(out).toMatch(/^15 jobs waiting\n\nSHARE +JOBS +PAYLOAD +VALUE\n/);
    expect(out).toContain(' "7"\n');
    expect(out).toContain('\n4 of those looked at are damaged, and counted nowhere\n');
    expect(out).not.toContain('~');
  });

  it.each([
    {},
    { by: 'tenant' },
    { by: { payload: '' } },
    { by: { path: 'a' } },
    { by: 'tag', size: 0 },
    { by: 'tag', limit: 5 },
  ])('refuses %j', async (options) => {
    const { get } = await startProducer({ app: uniqueApp() });
    await expect(get(QueuesService).sample('cards', options as never)).rejects.toThrow(InvalidOptionError);
  });
});

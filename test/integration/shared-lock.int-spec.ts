import { setTimeout as pause } from 'node:timers/promises';
import { ScalrQueueMetrics } from 'scalr-queue';
import { SharedRedis } from 'scalr-queue/shared';
import { startProducer, uniqueApp } from '../support/apps.js';
import { commandsOf } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

describe('a lock', () => {
  it('has one holder at a time over all processes, each with a larger fence', async () => {
    const app = uniqueApp();
    const processes = await Promise.all([startProducer({ app }), startProducer({ app })]);
    const fences: number[] = [];
    let running = 0;
    const work = async ({ fence }: { fence: number }) => {
      expect(++running).toBe(1);
      fences.push(fence);
      await pause(2);
      running--;
      return fence;
    };
    const runs = Array.from({ length: 20 }, (_, at) =>
      processes[at % 2]!.get(SharedRedis).lock('rebuild', { lease: '10s', wait: '50s' }, work),
    );
    const returned = await Promise.all(runs);
    expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b));
    expect(returned.toSorted((a, b) => a - b)).toEqual(fences);
  });

  it('is refused to whoever does not wait, shown with its holder, and given back when the work throws', async () => {
    const app = uniqueApp();
    const { get } = await startProducer({ app });
    const shared = get(SharedRedis);
    let end: (error: Error) => void = () => undefined;
    const holding = shared.lock('rebuild', {}, () => new Promise((_, reject) => (end = reject)));
    await eventually(async () => expect(await shared.locks()).toHaveLength(1));
    expect((await shared.locks())[0]).toMatchObject({
      name: 'rebuild',
      holder: expect.stringMatching(/^process .+:\d+$/) as string,
      waiters: [],
    });
    expect(await commandsOf(app).lines('locks')).toEqual([
      'LOCK HOLDER FENCE HELD FOR LEASE ENDS WAITING WHO WAITS',
      expect.stringMatching(/^rebuild process \S+ \d{16} T T 0 -$/),
    ]);
    expect(await get(ScalrQueueMetrics).text()).toMatch(
      /^scalr_queue_lock_held_seconds\{.*lock="rebuild".*\} [\d.]+$/m,
    );
    await expect(shared.lock('rebuild', {}, () => 1)).rejects.toMatchObject({
      code: 'LOCK_NOT_ACQUIRED',
      lock: 'rebuild',
    });
    await expect(shared.lock('rebuild', { wait: 50 }, () => 1)).rejects.toMatchObject({
      code: 'LOCK_NOT_ACQUIRED',
    });
    end(new Error('failed'));
    await expect(holding).rejects.toThrow('failed');
    expect(await shared.lock('rebuild', {}, () => 2)).toBe(2);
  });

  it('is renewed while the work lasts, longer than its lease', async () => {
    const { get } = await startProducer({ app: uniqueApp() });
    const shared = get(SharedRedis);
    const done = await shared.lock('rebuild', { lease: '3s' }, async ({ signal }) => {
      await pause(4_500);
      await expect(shared.lock('rebuild', {}, () => 'other')).rejects.toMatchObject({
        code: 'LOCK_NOT_ACQUIRED',
      });
      return !signal.aborted;
    });
    expect(done).toBe(true);
  });

  it('aborts its signal when Redis is away for longer than the lease, and says so', async () => {
    await using server = await RedisServer.start();
    const { get } = await startProducer({ app: uniqueApp(), redis: server.url });
    const lost = get(SharedRedis).lock('rebuild', { lease: '2s' }, async ({ signal }) => {
      await server.kill();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      expect(signal.reason).toMatchObject({ code: 'LEASE_LOST' });
      return 'late';
    });
    await expect(lost).rejects.toMatchObject({ code: 'LEASE_LOST', lease: 'lock "rebuild"' });
  });

  it('that was taken away with all of Redis is lost, and its next fence is larger all the same', async () => {
    await using server = await RedisServer.start();
    const { get } = await startProducer({ app: uniqueApp(), redis: server.url });
    const shared = get(SharedRedis);
    let before = 0;
    const lost = shared.lock('rebuild', { lease: '2s' }, async ({ fence, signal }) => {
      before = fence;
      await server.cli('FLUSHALL');
      const after = await shared.lock('rebuild', {}, (held) => held.fence);
      expect(after).toBeGreaterThan(before);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    });
    await expect(lost).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(before).toBeGreaterThan(0);
  });

  it('settles as it says while Redis is away', async () => {
    await using server = await RedisServer.start();
    const { get } = await startProducer({ app: uniqueApp(), redis: server.url });
    const shared = get(SharedRedis);
    await shared.lock('rebuild', {}, () => 1);
    await server.kill();
    const locked = (way: 'throw' | 'allow' | 'deny') =>
      shared.lock('rebuild', { wait: '30s', onUnavailable: way }, ({ fence }) => fence);
    await expect(locked('throw')).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    await expect(locked('deny')).rejects.toMatchObject({ code: 'LOCK_NOT_ACQUIRED' });
    // Any database that checks it refuses a write with this one.
    expect(await locked('allow')).toBe(0);
  });
});

import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { HistoryService } from 'scalr-queue';
import { vi } from 'vitest';
import { RedisEngine } from '../../libs/scalr-queue/src/engine/redis/redis.engine.js';
import { HistoryWriter } from '../../libs/scalr-queue/src/history/history.writer.js';
import { MINUTE } from '../../libs/scalr-queue/src/history/layout.js';
import { JobEvents } from '../../libs/scalr-queue/src/observability/job-event.stream.js';
import { startProducer, uniqueApp } from '../support/apps.js';
import { keysOf } from '../support/hostile.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';
import { workerOf } from '../support/worker-info.js';

describe('the history by a clock of its own', () => {
  const MIDNIGHT = Date.parse('2026-05-02T00:00:00Z');

  /** A worker that writes when it is told to, as if it were another time. */
  async function writing(redis = sharedRedisUrl()) {
    const app = uniqueApp();
    const { get } = await startProducer({ app, redis });
    const engine = get(RedisEngine);
    const time = { now: MIDNIGHT - 1 };
    const clock = { now: () => time.now, after: () => () => undefined };
    const events = new JobEvents();
    const writer = new HistoryWriter(engine, events, { history: { days: 14 }, clock });
    const job = { id: 'j', name: 'send', queue: 'mail', attempt: 1, maxAttempts: 5, runMs: 3, waitMs: 4 };
    const write = async (jobs: number) => {
      for (let n = 0; n < jobs; n++) {
        events.emit('started', () => job);
        events.emit('completed', () => job);
      }
      await writer.end(workerOf({ queues: ['mail'] }));
    };
    engine.types.record({ name: 'send', queue: 'mail' });
    const history = new HistoryService(engine, { clock });
    return { app, time, write, history };
  }

  it('goes on over midnight, and writes behind the end of no string when the clock jumps', async () => {
    const { app, time, write, history } = await writing();
    await write(1);
    time.now = MIDNIGHT;
    await write(2);
    for (const step of ['1m', '10m'] as const) {
      const { series } = await history.read({ range: '24h', step });
      expect(series.done.slice(-2)).toEqual([1, 2]);
      expect(series.started!.slice(-2)).toEqual([1, 2]);
    }
    for (const jump of [-1, 0, Date.parse('2100-01-01T23:59:59.999Z'), 1e15]) {
      time.now = jump;
      await write(1);
    }
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const cells = { a: 180, k: 1_440 * 16, q: 1_440 * 39, k10: 144 * 16, q10: 144 * 39 };
    const keys = (await keysOf(app)).filter((key) => /:~h:(a|[kq](10)?):/.test(key));
    expect(keys.length).toBeGreaterThan(20);
    for (const key of keys) {
      const series = /:~h:([^:]+)/.exec(key)![1] as keyof typeof cells;
      expect(await redis.strlen(key)).toBeLessThanOrEqual(cells[series]);
      expect(await redis.pttl(key)).toBeGreaterThan(0);
    }
  });

  it('has a gap while Redis is full, and goes on when it is not', async () => {
    await using redis = await RedisServer.start();
    const { time, write, history } = await writing(redis.url);
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    onTestFinished(() => warn.mockRestore());
    await write(1);
    await redis.cli('config', 'set', 'maxmemory', '1');
    for (const jobs of [2, 3]) {
      time.now += MINUTE;
      await write(jobs);
    }
    const told = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('history'));
    expect(told).toEqual([expect.stringMatching(/gap.*OOM/)]);
    await redis.cli('config', 'set', 'maxmemory', '0');
    time.now += MINUTE;
    await write(4);
    const { series } = await history.read({ range: '1h' });
    expect(series.done.slice(-5)).toEqual([null, 1, null, null, 4]);
  });
});

import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob, JobContext, JobsService, ProcessJob, ScalrQueueMetrics } from 'scalr-queue';
import { type LimiterOptions, SharedRedis } from 'scalr-queue/shared';
import { startBoth, startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { commandsOf } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const Charge = defineJob<{ tenant: string }>('charge', { retry: false });
const Guarded = defineJob<{ tenant: string }>('guarded', {
  limits: [{ limiter: 'places', key: ({ tenant }) => tenant }],
});

const WINDOW: LimiterOptions = { window: { max: 1, per: '10s' } };
const SLOW: LimiterOptions = { bucket: { capacity: 2, refill: 1, per: '1h' } };

describe('a limiter', () => {
  it('is shared by the processes of an app, by its key, and refuses or waits', async () => {
    const app = uniqueApp();
    const [one, two] = await Promise.all([startProducer({ app }), startProducer({ app })]);
    const limiterOf = ({ get }: typeof one, options: LimiterOptions) =>
      get(SharedRedis).limiter('stripe', options);
    const [first, second] = [limiterOf(one, SLOW), limiterOf(two, SLOW)];
    expect(await first.run(() => 'charged')).toBe('charged');
    expect(await second.run(({ left }) => left)).toBe(0);
    const refused = second.run(() => 'never');
    await expect(refused).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limiter: 'stripe' });
    await expect(second.run(() => 'never', { wait: '10s' })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(await second.run(() => 'other', { key: 'acme', cost: 2 })).toBe('other');
    expect(await first.state({ key: 'acme' })).toEqual({ left: 0, open: false });
    expect(await first.state()).toEqual({ left: 0, open: false });
    // Declared again it is the same one.
    expect(limiterOf(one, SLOW)).toBe(first);
    expect(() => limiterOf(one, { window: { max: 1, per: '1s' } })).toThrow(/declared twice/);
  });

  it('lets those that wait through when there is room, never more than it may', async () => {
    const app = uniqueApp();
    const processes = await Promise.all([startProducer({ app }), startProducer({ app })]);
    const limiters = processes.map(({ get }) =>
      get(SharedRedis).limiter('places', { concurrent: { max: 3, lease: '10s' } }),
    );
    let [running, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++running);
      await pause(5);
      running--;
    };
    const runs = Array.from({ length: 40 }, (_, at) => limiters[at % 2]!.run(work, { wait: '50s' }));
    await Promise.all(runs);
    expect(most).toBeLessThanOrEqual(3);
    expect(running).toBe(0);
  });

  it('puts a job that is over it aside, without an attempt', async () => {
    const attempts: number[] = [];

    @Injectable()
    class Charges {
      private readonly stripe;
      constructor(@Inject(SharedRedis) shared: SharedRedis) {
        this.stripe = shared.limiter('stripe', WINDOW);
      }

      @ProcessJob(Charge)
      async charge(_payload: { tenant: string }, ctx: JobContext) {
        await this.stripe.run(() => attempts.push(ctx.attempt), { wait: '1m' });
      }
    }

    const { app, worker, queue, jobs, get } = await startBoth({ providers: [Charges] });
    // The producer is to show it too.
    get(SharedRedis).limiter('stripe', WINDOW);
    const [first, second] = await queue.enqueueMany(Charge, [{ tenant: 'a' }, { tenant: 'b' }]);
    await eventually(() => expect(attempts).toEqual([1]));
    await eventually(async () => {
      const states = await Promise.all([first!, second!].map(async ({ id }) => (await jobs.get(id))?.state));
      expect(new Set(states)).toEqual(new Set(['completed', 'delayed']));
    });
    const [limit] = await get(SharedRedis).limits();
    expect(limit?.waiters).toEqual([expect.stringMatching(/^job charge /)]);
    const waiting = limit!.waiters[0]!.split(' ')[2]!;
    expect((await jobs.explain(waiting))?.reasons[0]).toMatchObject({
      code: 'limiter',
      message: expect.stringMatching(/^it waits for the limiter stripe: 0 of 1 left/) as string,
    });
    const { lines } = commandsOf(app);
    expect(await lines('limits')).toEqual([
      'LIMITER KEY ALLOWS LEFT WAITING WHO WAITS',
      `stripe - 1 T 0 of 1 1 job charge ${waiting}`,
    ]);
    expect(await lines('locks')).toEqual(['no lock is held']);
    const text = await get(ScalrQueueMetrics).text();
    expect(text).toMatch(/^scalr_queue_limiter_left\{.*limiter="stripe".*\} 0$/m);
    expect(text).toMatch(/^scalr_queue_limiter_waiting\{.*limiter="stripe".*\} 1$/m);
    const worked = await worker.context.get(ScalrQueueMetrics, { strict: false }).text();
    expect(worked).toMatch(/^scalr_queue_limiter_calls_total\{.*limiter="stripe",outcome="granted".*\} 1$/m);
    expect(worked).toMatch(/^scalr_queue_limiter_calls_total\{.*limiter="stripe",outcome="denied".*\} 1$/m);
    await eventually(() => expect(attempts).toEqual([1, 1]), { timeout: 40_000 });
    await eventually(async () => expect((await get(SharedRedis).limits())[0]?.waiters).toEqual([]));
  });

  it('of a definition is asked before each attempt, and held while it runs', async () => {
    const [running, most] = [new Map<string, number>(), new Map<string, number>()];

    @Injectable()
    class Guards {
      constructor(@Inject(SharedRedis) shared: SharedRedis) {
        shared.limiter('places', { concurrent: { max: 2 } });
      }

      @ProcessJob(Guarded)
      async run({ tenant }: { tenant: string }) {
        const now = (running.get(tenant) ?? 0) + 1;
        running.set(tenant, now);
        most.set(tenant, Math.max(most.get(tenant) ?? 0, now));
        await pause(40);
        running.set(tenant, running.get(tenant)! - 1);
      }
    }

    const { queue, get } = await startBoth({ providers: [Guards] });
    const enqueued = await queue.enqueueMany(
      Guarded,
      Array.from({ length: 12 }, (_, at) => ({ tenant: at % 2 ? 'acme' : 'other' })),
    );
    const jobs = get(JobsService);
    await Promise.all(enqueued.map(({ id }) => jobs.waitFor(id, { timeout: '50s' })));
    expect([...most.values()].every((one) => one <= 2)).toBe(true);
    expect([...most.keys()].toSorted()).toEqual(['acme', 'other']);
  });

  it('that no provider declares keeps a worker from booting', async () => {
    @Injectable()
    class Guards {
      constructor(@Inject(SharedRedis) shared: SharedRedis) {
        shared.limiter('place', { concurrent: { max: 2 } });
      }

      @ProcessJob(Guarded)
      async run() {}
    }

    await expect(startWorker({ providers: [Guards] })).rejects.toThrow(
      'the job "guarded" has the limiter "places", which no provider of this worker declares: did you mean "place"?',
    );
  });

  it('stops what fails too often, and tries it again', async () => {
    const { get } = await startProducer({ app: uniqueApp() });
    const limiter = get(SharedRedis).limiter('flaky', {
      window: { max: 1_000, per: '1m' },
      breaker: { failures: 2, per: '1m', open: '1500ms' },
    });
    const fail = () => limiter.run(() => Promise.reject(new Error('503')));
    await expect(fail()).rejects.toThrow('503');
    await expect(fail()).rejects.toThrow('503');
    let calls = 0;
    const call = () => limiter.run(() => ++calls);
    await expect(call()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', limiter: 'flaky' });
    expect(calls).toBe(0);
    expect(await eventually(call)).toBe(1);
    expect(await call()).toBe(2);
  });

  it('settles as it says while Redis is away', async () => {
    await using server = await RedisServer.start();
    const { get } = await startProducer({ app: uniqueApp(), redis: server.url });
    const limiter = get(SharedRedis).limiter('stripe', { bucket: { capacity: 9, refill: 1, per: '1s' } });
    await limiter.run(() => 1);
    process.kill(server.pid, 'SIGSTOP');
    const settled = async (way: 'throw' | 'allow' | 'deny') => {
      const since = performance.now();
      const outcome = await limiter
        .run(({ left }) => ({ left }), { onUnavailable: way })
        .catch(({ code }: { code: string }) => code);
      // Tells an answer from a hang: what it takes is in the guide.
      expect(performance.now() - since).toBeLessThan(5_000);
      return outcome;
    };
    expect(await settled('throw')).toBe('QUEUE_UNAVAILABLE');
    expect(await settled('allow')).toEqual({ left: undefined });
    expect(await settled('deny')).toBe('LIMIT_EXCEEDED');
    process.kill(server.pid, 'SIGCONT');
    await eventually(() => limiter.run(() => 1));
    await server.kill();
    expect(await settled('allow')).toEqual({ left: undefined });
    await server.restart();
    await eventually(() => limiter.run(() => 1));
  });

  it('refuses what could never be granted, and options that are wrong', async () => {
    const { get } = await startProducer({ app: uniqueApp() });
    const shared = get(SharedRedis);
    const limiter = shared.limiter('stripe', SLOW);
    await expect(limiter.run(() => 1, { cost: 3 })).rejects.toThrow(
      'expected cost to be an integer from 1 to 2, got: 3',
    );
    await expect(limiter.run(() => 1, { key: 'x'.repeat(257) })).rejects.toThrow('at most 256 characters');
    expect(() => shared.limiter('two', { ...SLOW, window: { max: 1, per: 1 } } as never)).toThrow(
      'one of "bucket", "window" and "concurrent"',
    );
    expect(() => shared.limiter('a:b', SLOW)).toThrow('the name of the limiter');
    expect(() => defineJob('wrong', { limits: ['a b'] })).toThrow('expected limits[0] to be');
  });
});

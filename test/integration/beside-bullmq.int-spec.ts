import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { type DynamicModule, Inject, Injectable, Module, type OnModuleInit, type Type } from '@nestjs/common';
import { type Job, Queue, UnrecoverableError } from 'bullmq';
import { DeadLetterService, QueuesService } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

@Injectable()
class Greeter implements OnModuleInit {
  constructor(@Inject(getQueueToken('legacy')) readonly queue: Queue) {}
  async onModuleInit() {
    await this.queue.add('hello', { n: 1 }, { attempts: 3 });
  }
}

/** Gives up at its first attempt until it is told not to. */
function legacyProcessor(
  behaviour: { fails: boolean },
  options: { name: string; configKey?: string } = { name: 'legacy' },
) {
  const ran: string[] = [];
  @Processor(options)
  class Legacy extends WorkerHost {
    async process(job: Job) {
      ran.push(`${job.queueName} ${job.name}`);
      if (behaviour.fails) throw new UnrecoverableError('no such customer');
    }
  }
  return { ran, Legacy: Legacy as Type };
}

const legacyQueue = BullModule.registerQueue({ name: 'legacy' });

describe('a queue of BullModule.registerQueue', () => {
  it('takes jobs in onModuleInit, and is seen by every process while no worker lives', async () => {
    const app = uniqueApp();
    const web = await startProducer({ app, imports: [legacyQueue], providers: [Greeter] });
    await web.context.close();
    const { get, jobs } = await startProducer({ app });
    expect(await get(QueuesService).list()).toMatchObject([{ name: 'legacy', waiting: 1, workers: 0 }]);
    expect(await jobs.get('1')).toMatchObject({ id: '1', name: 'hello', state: 'waiting' });
    const { reasons } = (await jobs.explain({ id: '1', queue: 'legacy' }))!;
    expect(reasons.map(({ code }) => code)).toContain('no-live-worker');
    expect(await jobs.get('meta')).toBeUndefined();
    expect(await jobs.get('wait')).toBeUndefined();
  });

  it('is given no job of a hook when one of its own dies', async () => {
    const app = uniqueApp();
    const { ran, Legacy } = legacyProcessor({ fails: true });
    const told: string[] = [];
    @Injectable()
    class DeathHook {
      async dead({ name }: { name: string }) {
        told.push(name);
      }
    }
    const imports = [legacyQueue];
    await startWorker({ app, imports, providers: [Legacy, Greeter, DeathHook], hooks: [DeathHook] });
    const { get, jobs, context } = await startProducer({ app, imports });
    await eventually(async () => expect(await get(DeadLetterService).count()).toBe(1));
    await context.get<Queue>(getQueueToken('legacy')).add('hello', { n: 2 });
    await eventually(async () => expect(await get(DeadLetterService).count()).toBe(2));
    expect([ran, told]).toEqual([['legacy hello', 'legacy hello'], []]);
    expect((await jobs.list()).jobs.map(({ name }) => name)).toEqual(['hello', 'hello']);
  });

  it('has dead jobs that are shown, explained, retried and deleted by id', async () => {
    const app = uniqueApp();
    const behaviour = { fails: true };
    const { Legacy } = legacyProcessor(behaviour);
    await startWorker({ app, imports: [legacyQueue], providers: [Legacy, Greeter] });
    const { get, jobs } = await startProducer({ app });
    const dead = get(DeadLetterService);
    await eventually(async () => expect(await dead.count()).toBe(1));
    expect(await dead.get('1')).toMatchObject({
      attempt: 1,
      maxAttempts: 3,
      reason: 'unrecoverable',
      payload: { n: 1 },
    });
    expect(await dead.count({ reason: 'unrecoverable' })).toBe(1);
    expect(await dead.count({ reason: 'attempts' })).toBe(0);
    expect((await jobs.explain('1'))?.reasons[0]?.message).toContain(
      'it is dead (unrecoverable): Error: no such customer',
    );
    behaviour.fails = false;
    expect(await dead.retry('1')).toEqual({ matched: 1, retried: 1 });
    await eventually(async () =>
      expect(await jobs.get({ id: '1', name: 'hello' })).toMatchObject({ state: 'completed' }),
    );

    behaviour.fails = true;
    const other = new Queue('other', { connection: { url: sharedRedisUrl() }, prefix: `scalr:{${app}}` });
    onTestFinished(() => other.close());
    await startProducer({ app, imports: [BullModule.registerQueue({ name: 'other' })] });
    await other.add('hello', {});
    // Other processes hear of a new queue within two seconds.
    await eventually(() =>
      expect(jobs.get({ id: '1', name: 'hello' })).rejects.toThrow(
        /in the queue legacy and .* pass \{ id, queue \}/,
      ),
    );
    expect(await jobs.get({ id: '1', queue: 'other' })).toMatchObject({ queue: 'other', state: 'waiting' });
    expect(await jobs.cancel({ id: '1', queue: 'other' })).toBe('cancelled');
    expect(await dead.delete({ id: '1', queue: 'other' })).toEqual({ matched: 1, deleted: 1 });
  });

  it('does not hold up the end of its worker when Redis is gone', async () => {
    await using redis = await RedisServer.start();
    const { Legacy } = legacyProcessor({ fails: false });
    const worker = await startWorker(
      { redis: redis.url, imports: [legacyQueue], providers: [Legacy, Greeter] },
      { shutdownTimeout: '20s' },
    );
    await redis.kill();
    const begun = performance.now();
    await worker.close();
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe('a registration with another connection or prefix', () => {
  // Of the shared Redis, which is known when the tests run.
  const connection = {
    get url() {
      return sharedRedisUrl();
    },
  };

  it.each<[string, () => DynamicModule, RegExp]>([
    ['forRoot', () => BullModule.forRoot({ connection }), /^BullModule\.forRoot\(\).* imported by OldModule, .*Remove it/s],
    ['forRootAsync', () => BullModule.forRootAsync({ useFactory: () => ({ connection }) }), /forRootAsync\(\)/],
    ['registerQueue with a connection', () => BullModule.registerQueue({ name: 'old', connection }), /'old'.* a connection of its own/],
    ['registerQueue with a prefix', () => BullModule.registerQueue({ name: 'old', prefix: 'bull' }), /'old'.* a prefix of its own/],
  ])('is refused at boot: %s', async (_name, registration, message) => {
    class OldModule {}
    Module({ imports: [registration()] })(OldModule);
    for (const start of [startProducer, startWorker])
      await expect(start({ imports: [OldModule] })).rejects.toThrow(message);
  }); // prettier-ignore

  it('works under a key of its own: only in workers, and to the end of its jobs', async () => {
    const [app, prefix] = [uniqueApp(), uniqueApp()];
    const imports = [
      BullModule.forRoot('old', { connection, prefix }),
      BullModule.registerQueue({ name: 'legacy', configKey: 'old' }),
      BullModule.registerQueue({ name: 'ours' }),
    ];
    const old = legacyProcessor({ fails: false }, { name: 'legacy', configKey: 'old' });
    const ours = legacyProcessor({ fails: false }, { name: 'ours' });
    const providers = [Greeter, old.Legacy, ours.Legacy];
    const web = await startProducer({ app, imports, providers });
    expect(await web.get(QueuesService).list()).toMatchObject([{ name: 'ours', waiting: 0 }]);
    expect(old.ran).toEqual([]);
    await startWorker({ app, imports, providers });
    await eventually(() => expect(old.ran).toEqual(['legacy hello', 'legacy hello']));
    await web.context.get<Queue>(getQueueToken('ours'), { strict: false }).add('mine', {});
    await eventually(() => expect(ours.ran).toEqual(['ours mine']));
    expect(await web.get(QueuesService).list()).toMatchObject([{ name: 'ours', workers: 1 }]);
  });
});

import { Global, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob, EnqueueService, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { capturedLog } from '../support/captured-log.js';
import { startProducer, startWorker, testModule, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

/** Connections to Redis that an app has; they carry its name. */
async function connectionsOf(app: string): Promise<number> {
  const redis = new Redis(sharedRedisUrl());
  const list = (await redis.client('LIST')) as string;
  redis.disconnect();
  return list.split('\n').filter((line) => line.includes(`name=scalr:{${app}}`)).length;
}

const Goodbye = defineJob<{ from: string }>('goodbye');

/** A provider whose shutdown hooks take a while, and which writes down what they did. */
function slow(log: string[], ms: number) {
  return class SearchClient {
    async onModuleDestroy() {
      await pause(ms);
      log.push('destroyed');
    }
    beforeApplicationShutdown(signal?: string) {
      log.push(`before ${signal}`);
    }
    async onApplicationShutdown(signal?: string) {
      log.push(`shutdown ${signal}`);
    }
  };
}

describe('the providers of a worker', () => {
  it('have what is left of the timeout to close, and close() waits for them', async () => {
    const log: string[] = [];
    const worker = await startWorker({ providers: [slow(log, 1_500)] }, { shutdownTimeout: '10s' });
    await worker.close();
    expect(log).toEqual(['destroyed', 'before undefined', 'shutdown undefined']);
  });

  it('close while the worker still answers: alive, and not ready', async () => {
    const answers: unknown[] = [];
    let url = '';
    class Database {
      async onModuleDestroy() {
        for (const check of ['live', 'ready']) {
          const response = await fetch(`${url}/health/${check}`).catch((error: unknown) => error);
          answers.push(response instanceof Response ? response.status : response);
        }
      }
    }
    const worker = await startWorker({ providers: [Database] });
    ({ url } = worker);
    await worker.close();
    expect(answers).toEqual([200, 503]);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
  });

  it('have a second when nothing is left; a warning names the one that is cut off', async () => {
    const log: string[] = [];
    const { logger, lines } = capturedLog();
    const [kept, cut] = await Promise.all([
      startWorker({ providers: [slow(log, 800)] }, { shutdownTimeout: 0, logger }),
      startWorker({ providers: [slow([], 60_000)] }, { shutdownTimeout: 0, logger }),
    ]);
    await kept.close();
    expect(log).toEqual(['destroyed', 'before undefined', 'shutdown undefined']);
    const cutOff = () => lines('warn').filter((line) => line.includes('cut off'));
    expect(cutOff()).toEqual([]);
    const begun = performance.now();
    await cut.close();
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(cutOff().join()).toMatch(
      /^SearchClient\.onModuleDestroy did not finish within 1000 ms and was cut off/,
    );
  });

  it('are all closed when one of them fails, which is logged by name', async () => {
    const log: string[] = [];
    const { logger, lines } = capturedLog();
    class Broken {
      onModuleDestroy() {
        throw new Error('no such socket');
      }
    }
    const worker = await startWorker({ providers: [Broken, slow(log, 0)] }, { logger });
    await worker.close();
    expect(log).toEqual(['destroyed', 'before undefined', 'shutdown undefined']);
    expect(lines('error').join()).toContain('Broken.onModuleDestroy failed: Error: no such socket');
  });

  it('are closed after the running jobs also when the application context is closed', async () => {
    const log: string[] = [];
    class Processor {
      async run() {
        log.push('started');
        await pause(200);
        log.push('finished');
      }
    }
    ProcessJob(Goodbye)(
      Processor.prototype,
      'run',
      Object.getOwnPropertyDescriptor(Processor.prototype, 'run')!,
    );
    const app = uniqueApp();
    const worker = await startWorker({ app, providers: [Processor, slow(log, 0)] });
    await worker.context.get(EnqueueService, { strict: false }).enqueue(Goodbye, { from: 'context' });
    await eventually(() => expect(log).toContain('started'));
    await worker.context.close();
    expect(log).toEqual(['started', 'finished', 'destroyed', 'before undefined', 'shutdown undefined']);
  });
});

describe('a job that is enqueued in onApplicationShutdown', () => {
  /** A module that enqueues at the very end. */
  function farewell(name: string, imports: (Type | undefined)[] = [], isGlobal = false): Type {
    class Farewell {
      constructor(private readonly queue: EnqueueService) {}
      async onApplicationShutdown() {
        await pause(20);
        await this.queue.enqueue(Goodbye, { from: name });
      }
    }
    Reflect.defineMetadata('design:paramtypes', [EnqueueService], Farewell);
    class FarewellModule {}
    Module({ imports: imports.filter((one) => one !== undefined), providers: [Farewell] })(FarewellModule);
    if (isGlobal) Global()(FarewellModule);
    return FarewellModule;
  }

  /** Modules at every depth, before and after the queue, global ones among them; another comes with the options. */
  function farewells() {
    let deep: Type | undefined;
    for (let depth = 7; depth > 0; depth--) deep = farewell(`depth ${depth}`, [deep]);
    const settings = farewell('settings', [], true);
    const app = uniqueApp();
    const imports = [
      farewell('global first', [], true),
      deep!,
      ScalrQueueModule.forRootAsync({
        imports: [settings],
        useFactory: () => ({ app, redis: sharedRedisUrl() }),
      }),
      farewell('global last', [], true),
    ];
    return { app, root: { module: class {}, imports }, count: 10 };
  }

  it.each(['web', 'worker'])('is taken, wherever its module is, in the %s process', async (role) => {
    const { app, root, count } = farewells();
    const running =
      role === 'worker'
        ? await runWorker(root, { port: 0, signals: false, logger: false })
        : await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
    await running.close();
    const { jobs } = await startProducer({ app });
    expect((await jobs.list({ name: 'goodbye' })).jobs).toHaveLength(count);
  });
});

describe('calls under way when the application closes', () => {
  it.each([
    ['have their reply', false],
    ['have their error, where Redis does not answer,', true],
  ])('%s before the process may end', async (_title, frozen) => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const { queue, context } = await startProducer({ app: uniqueApp(), redis: redis.url });
    await queue.enqueue(Goodbye, { from: 'before' });
    if (frozen) redis.freeze();
    const ends: string[] = [];
    for (let call = 0; call < 300; call++)
      queue.enqueue(Goodbye, { from: String(call) }).then(
        ({ status }) => ends.push(status),
        (error: { code: string }) => ends.push(error.code),
      );
    await context.close();
    const atClose = [...ends];
    if (frozen) redis.thaw();
    expect(atClose).toHaveLength(300);
    expect([...new Set(atClose)]).toEqual([frozen ? 'OUTCOME_UNKNOWN' : 'created']);
  });
});

describe('a boot that fails', () => {
  /** All that the boot has opened is closed. */
  async function failing(provider: object, log: string[] = []) {
    const app = uniqueApp();
    const run = runWorker(testModule({ app, providers: [slow(log, 0), provider as Type] }), {
      port: 0,
      signals: false,
      logger: false,
      burst: { timeout: '5m' },
    });
    await expect(run).rejects.toThrow('no database');
    await eventually(async () => expect(await connectionsOf(app)).toBe(0));
  }

  it('in a hook runs the shutdown hooks and closes the queue', async () => {
    const log: string[] = [];
    class Database {
      onModuleInit() {
        throw new Error('no database');
      }
    }
    await failing(Database, log);
    expect(log).toEqual(['destroyed', 'before undefined', 'shutdown undefined']);
  });

  it('in a factory closes the queue, also one that is connected only after the failure', async () => {
    const useFactory = () => {
      throw new Error('no database');
    };
    await failing({ provide: 'DATABASE', useFactory });
    await failing({ provide: 'DATABASE', useFactory: () => pause(100).then(useFactory) });
  });
});

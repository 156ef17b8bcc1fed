import { BullModule, getQueueToken, InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { defineJob, DuplicateHandlerError, ProcessJob, QueueConfigError } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startProducer, startWorker, testModule, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Echo = defineJob<{ text: string }, string>('echo', { queue: 'echoes' });

@Injectable()
class EchoProcessor {
  @ProcessJob(Echo)
  run({ text }: { text: string }) {
    return text;
  }
}

@Controller('secret')
class SecretController {
  @Get()
  get() {
    return 'mounted';
  }
}

@Processor('legacy')
class LegacyProcessor extends WorkerHost {
  static events: string[] = [];

  async process(job: Job, _token?: string, signal?: AbortSignal) {
    return `${job.name} ${signal ? 'with' : 'without'} signal`;
  }

  @OnWorkerEvent('completed')
  onCompleted(job: Job) {
    LegacyProcessor.events.push(job.name);
  }
}

@Injectable()
class LegacyProducer {
  constructor(@InjectQueue('legacy') readonly queue: Queue) {}
}

/** Names of the connections of an app, as Redis sees them. */
async function connectionsOf(app: string): Promise<string[]> {
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => {
    redis.disconnect();
  });
  const list = (await redis.client('LIST')) as string;
  return list
    .split('\n')
    .map((line) => `${/ name=(\S*)/.exec(line)?.[1]} ${/ cmd=(\S*)/.exec(line)?.[1]}`)
    .filter((client) => client.includes(`{${app}}`));
}

const blocking = (clients: string[]) => clients.filter((client) => /bzpopmin|:worker|:w:/.test(client));

describe('a web process', () => {
  it('never is a worker, even when its modules hold processors of both kinds', async () => {
    const app = uniqueApp();
    const imports = [BullModule.registerQueue({ name: 'legacy' })];
    const providers = [EchoProcessor, LegacyProcessor, LegacyProducer];
    const web = await startProducer({ app, imports, providers });
    const job = await web.queue.enqueue(Echo, { text: 'hello' });
    await web.get(LegacyProducer).queue.add('old', {});
    expect(blocking(await connectionsOf(app))).toEqual([]);
    expect(await connectionsOf(app)).toHaveLength(1);

    const worker = await startWorker({ app, imports, providers });
    expect(await web.jobs.waitFor(job, { timeout: '10s' })).toBe('hello');
    await eventually(async () => expect(blocking(await connectionsOf(app)).length).toBeGreaterThan(0));
    await worker.close();
    await eventually(async () => expect(blocking(await connectionsOf(app))).toEqual([]));
  });
});

describe('a worker process', () => {
  it('mounts no controller of the modules it imports', async () => {
    const { url } = await startWorker({ providers: [EchoProcessor], controllers: [SecretController] });
    expect((await fetch(`${url}/secret`)).status).toBe(404);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  it('runs classes of @nestjs/bullmq under the same connection and prefix, with a signal and their events', async () => {
    const app = uniqueApp();
    const imports = [BullModule.registerQueue({ name: 'legacy' })];
    const web = await startProducer({ app, imports, providers: [LegacyProducer] });
    await startWorker({ app, imports, providers: [LegacyProcessor, LegacyProducer] });
    const queue = web.context.get<Queue>(getQueueToken('legacy'), { strict: false });
    expect(queue.opts.prefix).toBe(`scalr:{${app}}`);
    const job = await queue.add('old-style', {});
    await eventually(async () =>
      expect((await queue.getJob(job.id ?? ''))?.returnvalue).toBe('old-style with signal'),
    );
    await eventually(() => expect(LegacyProcessor.events).toContain('old-style'));
  });

  it('works only on the queues it is told to', async () => {
    const Other = defineJob('other', { queue: 'others' });

    @Injectable()
    class OtherProcessor {
      @ProcessJob(Other)
      run() {
        return 'other';
      }
    }
    const app = uniqueApp();
    const web = await startProducer({ app });
    await startWorker({ app, providers: [EchoProcessor, OtherProcessor] }, { queues: ['others'] });
    const echo = await web.queue.enqueue(Echo, { text: 'stays' });
    expect(await web.jobs.waitFor(await web.queue.enqueue(Other), { timeout: '10s' })).toBe('other');
    expect(await web.jobs.get(echo.id)).toMatchObject({ state: 'waiting' });
    await expect(startWorker({ app, providers: [EchoProcessor] }, { queues: ['echos'] })).rejects.toThrow(
      /unknown queue "echos".*echoes/,
    );
  });

  it.each([
    ['echoes', 'legacy'],
    ['legacy', 'echoes'],
  ])(
    'works only on %s where it is told to, and not on %s, be they of a @Processor or not',
    async (mine, others) => {
      const app = uniqueApp();
      const imports = [BullModule.registerQueue({ name: 'legacy' })];
      const { jobs, queue } = await startProducer({ app });
      const Old = defineJob<void, string>('old', { queue: 'legacy' });
      const sent = { echoes: await queue.enqueue(Echo, { text: 'hello' }), legacy: await queue.enqueue(Old) };
      const providers = [EchoProcessor, LegacyProcessor];
      await startWorker({ app, imports, providers }, { queues: [mine] });
      const result = await jobs.waitFor(sent[mine as 'echoes'], { timeout: '10s' });
      expect(result).toBe(mine === 'echoes' ? 'hello' : 'old with signal');
      expect(await jobs.get(sent[others as 'echoes'].id)).toMatchObject({ state: 'waiting' });
      expect(blocking(await connectionsOf(app)).filter((name) => name.includes(others))).toEqual([]);
    },
  );

  it('refuses two handlers for one definition, naming both', async () => {
    @Injectable()
    class SecondEcho {
      @ProcessJob(Echo)
      again({ text }: { text: string }) {
        return text;
      }
    }
    const boot = startWorker({ providers: [EchoProcessor, SecondEcho] });
    await expect(boot).rejects.toThrow(DuplicateHandlerError);
    await expect(startWorker({ providers: [EchoProcessor, SecondEcho] })).rejects.toThrow(
      /EchoProcessor\.run and SecondEcho\.again/,
    );
  });

  it('refuses a port that is taken and a module without the queue', async () => {
    const { url } = await startWorker({ providers: [EchoProcessor] });
    const port = Number(new URL(url).port);
    await expect(startWorker({ providers: [EchoProcessor] }, { port })).rejects.toThrow(
      /port .* is in use: set SCALR_WORKER_PORT/,
    );
    class Empty {}
    const { runWorker } = await import('scalr-queue/worker');
    const bare = runWorker({ module: Empty }, { port: 0, signals: false, logger: false });
    await expect(bare).rejects.toThrow(QueueConfigError);
    expect(testModule({}).imports).toHaveLength(1);
  });
});

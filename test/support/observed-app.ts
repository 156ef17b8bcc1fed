import { Injectable, type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  defineJob,
  Discard,
  EnqueueService,
  JobsService,
  ProcessJob,
  ScalrQueueMetricsModule,
  Scheduled,
} from 'scalr-queue';
import { postgresOutbox } from 'scalr-queue/outbox';
import { onTestFinished } from 'vitest';
import { outboxDatabase } from './outbox.js';
import { startWorker, testModule, uniqueApp } from './apps.js';

type Act = 'succeed' | 'discard' | 'fail once';
const Act = defineJob<{ act: Act }>('act', { queue: 'stage', retry: { attempts: 2, delay: 5 } });
const Tick = defineJob('tick', { queue: 'stage' });

@Injectable()
class Stage {
  private readonly failed = new Set<string>();

  @ProcessJob(Act)
  run({ act }: { act: Act }, { id }: { id: string }) {
    if (act === 'discard') throw new Discard('unwanted');
    if (act === 'fail once' && !this.failed.has(id)) {
      this.failed.add(id);
      throw new Error('once');
    }
  }

  @ProcessJob(Tick)
  @Scheduled({ every: '1s' })
  tick() {}
}

/** A web and a worker process of one app, after jobs of every outcome. */
export async function startApp(logger: LogLevel[] | false = false) {
  const app = uniqueApp();
  const { url } = await outboxDatabase();
  const outbox = () => postgresOutbox({ url });
  const web = await NestFactory.create(
    testModule({ app, outbox: outbox(), imports: [ScalrQueueMetricsModule] }),
    {
      logger: false,
      abortOnError: false,
    },
  );
  onTestFinished(() => web.close());
  await web.listen(0, '127.0.0.1');
  const worker = await startWorker({ app, outbox: outbox(), providers: [Stage] }, { logger });
  const [queue, jobs] = [EnqueueService, JobsService].map((type) => web.get(type as never)) as [
    EnqueueService,
    JobsService,
  ];
  await expect(queue.enqueue(Act, { act: undefined as never }, { delay: -1 })).rejects.toThrow(/delay/);
  for (const act of ['succeed', 'discard', 'fail once'] as const)
    await jobs.waitFor(await queue.enqueue(Act, { act }), { timeout: '10s' }).catch(() => undefined);
  const urls = [await web.getUrl(), worker.url].map((url) => url.replace('[::1]', '127.0.0.1'));
  const scrapes = () => Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  return { app, urls, scrapes };
}

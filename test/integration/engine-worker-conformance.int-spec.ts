import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { WorkerEngine } from '../../libs/scalr-queue/src/engine/engine-worker.js';
import { QueueEngine } from '../../libs/scalr-queue/src/engine/queue.engine.js';
import type { Accidents } from '../conformance/engine/engine-worker.js';
import { workerBehaviours } from '../conformance/engine/worker.behaviours.js';
import { startProducer, uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

/** How long locks live here, and how often crashed workers are looked for. */
const WORKER = { lockDuration: 1_000, stalledInterval: 300 };

@Processor('classes')
@Injectable()
class Classes extends WorkerHost {
  override async process(): Promise<string> {
    return 'a class';
  }
}

function accidentsOf(app: string, redis: Redis): Accidents {
  const prefix = `scalr:{${app}}`;
  return {
    takeLock: async ({ queue, options }) => {
      await redis.set(`${prefix}:${queue}:${options.jobId}:lock`, 'another worker');
    },
    takeAndDie: async ({ queue, options }) => {
      const doomed = new Worker(queue, undefined, { connection: redis, prefix, lockDuration: 500 });
      const job = await doomed.getNextJob('doomed', { block: false });
      expect(job?.id).toBe(options.jobId);
      await doomed.close();
    },
    loseData: async ({ queue, options }) => {
      expect(await redis.del(`${prefix}:${queue}:${options.jobId}`)).toBe(1);
    },
  };
}

describe('workers over Redis', () => {
  workerBehaviours(
    async () => {
      const app = uniqueApp();
      const redis = new Redis(sharedRedisUrl(), { maxRetriesPerRequest: null });
      onTestFinished(() => redis.disconnect());
      const imports = [BullModule.registerQueue({ name: 'classes' })];
      const { context } = await startProducer({ app, worker: WORKER, imports, providers: [Classes] });
      const workers = context.get<WorkerEngine>(WorkerEngine, { strict: false });
      const engine = context.get<QueueEngine>(QueueEngine, { strict: false });
      await workers.open(AbortSignal.timeout(10_000));
      return { engine, workers, accidents: accidentsOf(app, redis) };
    },
    { accidents: true },
  );
});

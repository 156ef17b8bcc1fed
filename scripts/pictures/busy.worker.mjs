// @ts-check
/** A worker of an app with much to do, for the picture of `scalr-queue top`; it enqueues for itself. */
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob, Discard, EnqueueService, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

/** How long a job takes, and what share of its attempts fails and of its jobs is of no use. */
const WORK = {
  mail: { ms: 40, waiting: 1_900, fails: 0.04, useless: 0.01 },
  webhooks: { ms: 120, waiting: 2_100, fails: 0.15, useless: 0.03 },
  search: { ms: 15, waiting: 0, fails: 0, useless: 0 },
  images: { ms: 900, waiting: 480, fails: 0.05, useless: 0 },
  reports: { ms: 4_000, waiting: 61, fails: 0, useless: 0 },
};

class GatewayError extends Error {
  /** @override */
  name = 'GatewayError';
  code = 'HTTP_502';
}

const jobs = Object.entries(WORK).map(([queue, work]) => {
  const job = defineJob(`${queue}.run`, { queue, retry: { attempts: 2, delay: '6s' } });
  class Processor {
    async run() {
      await pause(work.ms * (0.6 + 0.8 * Math.random()));
      if (Math.random() < work.useless) throw new Discard('nobody wants it any more');
      if (Math.random() < work.fails) throw new GatewayError('the other side is broken');
    }
  }
  const method = Object.getOwnPropertyDescriptor(Processor.prototype, 'run');
  ProcessJob(job)(Processor.prototype, 'run', /** @type {any} */ (method));
  return { job, work, Processor };
});

class Feeder {
  /** @param {EnqueueService} queue */
  constructor(queue) {
    this.queue = queue;
  }

  async onApplicationBootstrap() {
    // Nobody works on these.
    await this.queue.enqueueMany(defineJob('export.run', { queue: 'exports' }), Array(12).fill(undefined));
    for (const { job, work } of jobs) {
      await this.queue.enqueueMany(job, Array(work.waiting).fill(undefined));
      void this.feed(job, 400 / work.ms);
    }
  }

  /** @param {typeof jobs[number]['job']} job @param {number} perSecond */
  async feed(job, perSecond) {
    const beats = Math.max(1, 500 / perSecond);
    for (;;) {
      const some = Array(Math.ceil((perSecond * beats) / 1_000)).fill(undefined);
      // A machine that is too busy for some of them makes a picture all the same.
      await this.queue.enqueueMany(job, some).catch(() => undefined);
      await pause(beats, undefined, { ref: false });
    }
  }
}
Reflect.defineMetadata('design:paramtypes', [EnqueueService], Feeder);

class WorkerModule {}
await runWorker({
  module: WorkerModule,
  imports: [
    ScalrQueueModule.forRoot({
      app: 'shop',
      queues: { webhooks: { concurrency: 6 }, reports: { concurrency: 2 } },
    }),
  ],
  providers: [...jobs.map(({ Processor }) => Processor), ...(process.env['FEEDS'] ? [Feeder] : [])],
});

import { Injectable, Module } from '@nestjs/common';
import { createRequire } from 'node:module';
import * as ours from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { capturedLog } from '../support/captured-log.js';
import { uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

// What `npm run build` has made for programs that `require` the package: a second copy of it in this process.
const theirs = createRequire(import.meta.url)('../../libs/scalr-queue/dist/cjs/index.js') as typeof ours;

const Act = theirs.defineJob<{ how: 'discard' | 'retry' | 'snooze' }>('act', {
  retry: { attempts: 2, delay: 1 },
});

describe('two copies of the package in one process', () => {
  it('are different classes, and instances of each other', () => {
    expect(theirs.Discard).not.toBe(ours.Discard);
    expect(new theirs.Discard('no')).toBeInstanceOf(ours.Discard);
    expect(new ours.RetryLater('1s')).toBeInstanceOf(theirs.ControlFlowSignal);
    expect(new theirs.QueueFullError('m')).toBeInstanceOf(ours.ScalrQueueError);
    expect(new theirs.QueueFullError('m')).not.toBeInstanceOf(ours.QueueUnavailableError);
    class Own extends ours.Discard {}
    expect(new theirs.Discard('no')).not.toBeInstanceOf(Own);
    expect(new Own('no')).toBeInstanceOf(theirs.Discard);
  });

  it('run a job of one that the other handles, with its signals, and inject the services of either', async () => {
    const attempts: number[] = [];
    const { logger, lines } = capturedLog();

    @Injectable()
    class Processor {
      constructor(
        readonly mine: ours.EnqueueService,
        readonly other: ours.EnqueueService,
      ) {}

      async act({ how }: { how: string }, ctx: ours.JobContext) {
        attempts.push(ctx.attempt);
        expect(ctx).toBeInstanceOf(theirs.JobContext);
        if (how === 'discard') throw new theirs.Discard('not wanted');
        if (how === 'snooze' && attempts.length === 1) throw new theirs.Snooze(1);
        if (how === 'retry' && ctx.attempt === 1) throw new theirs.RetryLater(1);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [ours.EnqueueService, theirs.EnqueueService], Processor);
    theirs.ProcessJob(Act)(
      Processor.prototype,
      'act',
      Object.getOwnPropertyDescriptor(Processor.prototype, 'act') as never,
    );
    class WorkerModule {}
    Module({
      imports: [ours.ScalrQueueModule.forRoot({ app: uniqueApp(), redis: sharedRedisUrl() })],
      providers: [Processor],
    })(WorkerModule);
    const worker = await runWorker(WorkerModule, { port: 0, signals: false, logger });
    const { mine, other } = worker.context.get(Processor);
    expect(other).toBe(mine);
    const jobs = worker.context.get(theirs.JobsService, { strict: false });
    const run = async (how: 'discard' | 'retry' | 'snooze') => {
      attempts.length = 0;
      const job = await mine.enqueue(Act, { how });
      await jobs.waitFor(job, { timeout: '10s' }).catch(() => undefined);
      return { attempts: [...attempts], job: await jobs.get(job.id) };
    };
    expect(await run('discard')).toMatchObject({
      attempts: [1],
      job: { state: 'dead', reason: 'discarded' },
    });
    expect(await run('retry')).toMatchObject({ attempts: [1, 2], job: { state: 'completed' } });
    expect(await run('snooze')).toMatchObject({ attempts: [1, 1], job: { state: 'completed', attempt: 1 } });
    expect(lines('warn').join()).toMatch(
      /Two copies of scalr-queue are loaded: \S+libs\/scalr-queue\/src and \S+dist\/cjs/,
    );
    await worker.close();
  });
});

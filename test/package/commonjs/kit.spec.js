/** As Jest of an app in CommonJS runs it: nothing is set, and every entry point is loaded. */
require('reflect-metadata');
const { Test } = require('@nestjs/testing');
const { EnqueueService, Discard, ScalrQueueModule, ProcessJob, defineJob } = require('scalr-queue');
const { ScalrQueueTestingModule, TestQueue, useTestQueue } = require('scalr-queue/testing');
const { ScalrQueueDashboardModule } = require('scalr-queue/dashboard');
const { threadHandler } = require('scalr-queue/thread');
const { runWorker } = require('scalr-queue/worker');

const Judge = defineJob('judge');
class Judges {
  judge({ verdict }) {
    if (verdict === 'guilty') throw new Discard('guilty');
    return verdict;
  }
}
ProcessJob(Judge)(Judges.prototype, 'judge', Object.getOwnPropertyDescriptor(Judges.prototype, 'judge'));

it('runs a job of the test kit', async () => {
  const imports = [ScalrQueueTestingModule.forRoot()];
  const module = await Test.createTestingModule({ imports, providers: [Judges] }).compile();
  const queue = module.get(TestQueue);
  expect(await queue.runJob(Judge, { verdict: 'none' })).toMatchObject({
    status: 'completed',
    result: 'none',
  });
  expect(await queue.runJob(Judge, { verdict: 'guilty' })).toMatchObject({ status: 'dead' });
});

it('replaces the queue of an application', async () => {
  class AppModule {}
  const root = { module: AppModule, imports: [ScalrQueueModule.forRoot({ app: 'court' })] };
  const module = await useTestQueue(Test.createTestingModule({ imports: [root] })).compile();
  await module.get(EnqueueService, { strict: false }).enqueue(Judge, { verdict: 'none' });
  const enqueued = module.get(TestQueue).expectEnqueued(Judge, { payload: { verdict: 'none' } });
  expect(enqueued).not.toEqual([]);
});

it('loads the other entry points', () => {
  for (const it of [runWorker, threadHandler, ScalrQueueDashboardModule]) expect(typeof it).toBe('function');
});

import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { defineJob, EnqueueService, ProcessJob, QueuesService, UnhandledJobError } from 'scalr-queue';
import { WATCH_PACE } from '../../libs/scalr-queue/src/producer/worker.watch.js';
import { startWorker, testModule, type TestAppOptions, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const Handled = defineJob('orders.handled', { queue: 'orders' });
const Lost = defineJob('orders.lost', { queue: 'orders' });
const Silent = defineJob('orders.silent', { queue: 'orders' });
const Legacy = defineJob('legacy.anything', { queue: 'legacy' });

@Injectable()
class Handler {
  @ProcessJob(Handled)
  async run() {}
}

@Processor('legacy')
class LegacyProcessor extends WorkerHost {
  async process() {}
}

/** A web process for which a minute is this short. */
async function startWeb(options: TestAppOptions, grace: number) {
  const module = await Test.createTestingModule({ imports: [testModule(options)] })
    .overrideProvider(WATCH_PACE)
    .useValue({ every: grace / 4, grace })
    .setLogger(false as never)
    .compile();
  await module.init();
  onTestFinished(() => module.close());
  const queue = module.get(EnqueueService, { strict: false });
  return {
    queue,
    queues: module.get(QueuesService, { strict: false }),
  };
}

function warnings() {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => warn.mockRestore());
  return (name: string) =>
    warn.mock.calls.map(([line]) => String(line)).filter((line) => line.startsWith(`${name} was enqueued`));
}

describe('a job that no live worker has handled for a while', () => {
  it('is warned of once in a while, and a job that some worker takes is not', async () => {
    const linesOf = warnings();
    const app = uniqueApp();
    const legacy = {
      imports: [BullModule.registerQueue({ name: 'legacy' })],
      providers: [Handler, LegacyProcessor],
    };
    await startWorker({ app, ...legacy });
    const { queue, queues } = await startWeb({ app }, 600);
    const enqueueAll = () =>
      Promise.all([
        queue.enqueue(Handled),
        queue.enqueueMany(Lost, [undefined, undefined]),
        queue.enqueue(Legacy),
        queues.ping('orders'),
      ]);
    await enqueueAll();
    await eventually(() => expect(linesOf('orders.lost')).toHaveLength(1));
    expect(linesOf('orders.lost')[0]).toBe(
      'orders.lost was enqueued into "orders", and no live worker has handled it for a minute; none has announced a handler ' +
        'for it yet. The job waits until a worker has its handler.',
    );
    await enqueueAll();
    await eventually(async () => {
      // Of many calls, one line.
      await enqueueAll();
      expect(linesOf('orders.lost')).toHaveLength(2);
    });
    expect([...linesOf('orders.handled'), ...linesOf('legacy.anything'), ...linesOf('scalr.ping')]).toEqual(
      [],
    );
  });

  it('names the worker that had the handler last', async () => {
    const linesOf = warnings();
    const app = uniqueApp();
    const worker = await startWorker({ app, providers: [Handler] });
    const { queue } = await startWeb({ app }, 400);
    await queue.enqueue(Handled);
    await worker.close();
    await eventually(async () => {
      await queue.enqueue(Handled);
      expect(linesOf('orders.handled')[0]).toMatch(/process \d+ had its handler last, until \d{4}-/);
    });
  });

  it('is refused before anything is written, if the app wants that, but not while workers restart', async () => {
    warnings();
    const app = uniqueApp();
    const worker = await startWorker({ app, providers: [Handler] });
    const { queue, queues } = await startWeb({ app, unhandled: 'refuse' }, 2_000);
    // The first moments of the process say nothing yet.
    await queue.enqueue(Handled);
    const waiting = async () => (await queues.list()).find(({ name }) => name === 'orders')?.waiting;
    await worker.close();
    await queue.enqueue(Handled, undefined, { id: 'in-between' });
    await eventually(() => expect(queue.enqueue(Handled)).rejects.toBeInstanceOf(UnhandledJobError));
    const before = await waiting();
    const refusal = await queue.enqueue(Handled).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'UNHANDLED_JOB',
      message: expect.stringContaining(
        'no live worker has handled orders.handled in the queue "orders" for a minute, so it was not enqueued',
      ),
    });
    await expect(queue.enqueueMany(Handled, [undefined])).rejects.toBeInstanceOf(UnhandledJobError);
    expect(await waiting()).toBe(before);
    await startWorker({ app, providers: [Handler] });
    await eventually(() => queue.enqueue(Handled));
  });

  it('just waits, if the app says that this is right', async () => {
    const linesOf = warnings();
    const app = uniqueApp();
    const ignoring = await startWeb({ app, unhandled: 'ignore' }, 400);
    const warning = await startWeb({ app }, 400);
    await ignoring.queue.enqueue(Silent);
    await warning.queue.enqueue(Lost);
    await eventually(() => expect(linesOf('orders.lost')).toHaveLength(1));
    await ignoring.queue.enqueue(Silent);
    expect(linesOf('orders.silent')).toEqual([]);
  });
});

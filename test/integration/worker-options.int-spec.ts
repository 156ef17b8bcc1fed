import { defineJob, QueuesService } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { handlerOf } from '../conformance/driver.js';
import { startBoth, testModule } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const Work = defineJob<{ n: number }>('work');
const Other = defineJob<{ n: number }>('other', { queue: 'others' });

/** Handlers that never end, and what they were given. */
function endless() {
  const runs: number[] = [];
  const run = ({ n }: { n: number }) => {
    runs.push(n);
    return new Promise(() => undefined);
  };
  return { runs, providers: [handlerOf(Work, run), handlerOf(Other, run)] };
}

describe('the options of runWorker', () => {
  it('win over those of the module: jobs at a time', async () => {
    const { runs, providers } = endless();
    const { queue, get } = await startBoth(
      { providers, worker: { concurrency: 1 } },
      { concurrency: 3, shutdownTimeout: 0 },
    );
    await queue.enqueueMany(Work, [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    await eventually(() => expect(runs).toHaveLength(3));
    const [depth] = await get(QueuesService).list();
    expect(depth).toMatchObject({ running: 3, waiting: 1 });
    expect(runs).toHaveLength(3);
  });

  it('choose the queues that are worked on', async () => {
    const { runs, providers } = endless();
    const { queue, jobs } = await startBoth({ providers }, { queues: ['others'], shutdownTimeout: 0 });
    const left = await queue.enqueue(Work, { n: 1 });
    await queue.enqueue(Other, { n: 2 });
    await eventually(() => expect(runs).toEqual([2]));
    expect(await jobs.get(left.id)).toMatchObject({ state: 'waiting' });
  });

  it.each<[object, string]>([
    [{ queues: [] }, 'expected queues to be a list of names, got: an array'],
    [{ queues: 'default' }, 'expected queues to be a list of names, got: "default"'],
    [{ queues: ['a:b'] }, 'expected queues to be 1 to 128 characters'],
    [{ port: 65_536 }, 'expected port to be an integer from 0 to 65535, got: 65536'],
    [{ port: -1 }, 'expected port to be an integer from 0 to 65535, got: -1'],
    [{ host: 'http://a' }, 'expected host to be a host name or an IP address'],
    [{ shutdownTimeout: '2h' }, 'expected shutdownTimeout to be a duration from 0 to 3600000 ms'],
    [{ concurrency: 0 }, 'expected concurrency to be an integer from 1 to'],
    [{ signals: 'no' }, 'expected signals to be true or false, got: "no"'],
    [{ burst: 'yes' }, 'expected burst to be'],
    [
      { concurency: 2 },
      'unknown option "concurency" in the options of runWorker, did you mean "concurrency"?',
    ],
  ])('are checked before anything is started: %o', async (options, message) => {
    const { providers } = endless();
    const start = runWorker(testModule({ providers }), {
      port: 0,
      signals: false,
      logger: false,
      ...options,
    });
    await expect(start).rejects.toThrow(message);
    await expect(start).rejects.toMatchObject({ name: 'QueueConfigError' });
  });

  it.each<[unknown, string]>([
    [undefined, 'expected runWorker to get the class of a module, such as runWorker(WorkerModule), got: undefined. Check the name'],
    ['WorkerModule', 'got: "WorkerModule"'],
    [null, 'got: null'],
    [{ imports: [] }, 'or a dynamic module { module: WorkerModule, ... }, got an object without the field "module"'],
    [new (class WorkerModule {})(), 'got an instance of WorkerModule: pass the class, without "new"'],
    [class Empty {}, 'the module given to runWorker does not import ScalrQueueModule.forRoot() or forRootAsync()'],
  ])('need a module: %o', async (module, message) => {
    const start = runWorker(module as never, { port: 0, signals: false, logger: false });
    await expect(start).rejects.toThrow(message);
    await expect(start).rejects.toMatchObject({ name: 'QueueConfigError' });
  }); // prettier-ignore

  it('let the application context listen and close as the worker does, also under the spy of a test', async () => {
    const { providers } = endless();
    const { worker } = await startBoth({ providers }, { shutdownTimeout: 0 });
    const { context } = worker;
    const listeners = () => ['SIGTERM', 'SIGINT'].map((name) => process.listenerCount(name));
    const before = listeners();
    expect(context.enableShutdownHooks()).toBe(context);
    expect(listeners()).toEqual(before.map((count) => count + 1));
    const close = vi.spyOn(context, 'close');
    await context.close();
    expect(close).toHaveBeenCalledOnce();
    expect(listeners()).toEqual(before);
    await expect(fetch(`${worker.url}/health/live`)).rejects.toThrow('fetch failed');
  });
});

import { Job, type JobJson, raw2NextJobData } from 'bullmq';
import { QuickJobs } from '../../../libs/scalr-queue/src/engine/redis/worker/quick.jobs.js';
import { eventually } from '../../support/eventually.js';
import { connect, startQueue } from './support.js';

/** The fields that have a value. */
const onlyDefined = (fields: object) => JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;

describe('the worker of BullMQ', () => {
  it('runs in a loop that can be replaced, and closes when that has ended', async () => {
    const { startWorker } = startQueue();
    const worker = startWorker(() => Promise.resolve(), { autorun: false });
    let end = () => {};
    const loop = new Promise<void>((resolve) => (end = resolve));
    (worker as unknown as { mainLoop: () => Promise<void> }).mainLoop = () => loop;
    worker.run().catch(() => undefined);
    await eventually(() => expect(worker.isRunning()).toBe(true));
    await eventually(() => expect(Reflect.get(worker, 'mainLoopRunning')).toBe(loop));
    let hasClosed = false;
    const told: string[] = [];
    worker.on('closing', () => told.push('closing'));
    const closed = worker.close().then(() => (hasClosed = true));
    expect(told).toEqual(['closing']);
    for (const name of ['waitForJob', 'retryIfFailed'])
      expect(Reflect.get(worker, name)).toBeTypeOf('function');
    for (const name of ['limitUntil', 'blockUntil']) expect(Reflect.get(worker, name)).toBe(0);
    expect(hasClosed).toBe(false);
    end();
    await closed;
  });

  it('waits through its backend, which has nothing to tell of a wait in vain', async () => {
    const { queue, startWorker } = startQueue();
    const worker = startWorker(() => Promise.resolve(), { autorun: false, drainDelay: 0.01 });
    const backend = worker.getBackend();
    const waitOnce = backend.waitForJob.bind(backend);
    const markers: unknown[] = [];
    backend.waitForJob = async (timeout) => {
      const marker = await waitOnce(timeout);
      markers.push(marker);
      return marker;
    };
    const wait = Reflect.get(worker, 'waitForJob') as (until: number) => Promise<number>;
    await worker.waitUntilReady();
    expect(await wait.call(worker, 0)).toBe(0);
    await queue.add('x', {});
    expect(await wait.call(worker, 0)).toBe(0);
    expect(markers).toEqual([null, { member: '0', score: 0 }]);
  });

  it('has jobs of which these fields are their own, and the rest the same for all of a queue', async () => {
    const { queue, startWorker } = startQueue();
    const worker = startWorker(() => Promise.resolve(), { autorun: false });
    const quick = new QuickJobs(worker);
    const unique = { deduplication: { id: 'only' } };
    const options = [
      {},
      { priority: 3, attempts: 2, backoff: { type: 'fixed', delay: 5 } },
      { delay: 7 },
      unique,
    ];
    for (const [at, one] of options.entries()) {
      await queue.add('x', { at }, { ...one, jobId: `j-${at}`, telemetry: { metadata: 'trace' } });
      const fields = Object.entries(await connect().hgetall(queue.toKey(`j-${at}`))).flat();
      const made = quick.make(`j-${at}`, fields)!;
      const [stored] = raw2NextJobData([fields, `j-${at}`, 0, 0]) as unknown as [JobJson];
      const theirs = Job.fromJSON(worker, stored, `j-${at}`);
      expect(made).toBeInstanceOf(Job);
      const { queueQualifiedName, ...own } = onlyDefined(theirs.toJSON());
      expect(onlyDefined(made.toJSON())).toEqual(own);
      expect(Reflect.get(made, 'queueQualifiedName')).toBe(queueQualifiedName);
      for (const name of ['queue', 'backend', 'queueName', 'queueQualifiedName', 'prefix'] as const)
        expect(Reflect.get(made, name)).toBe(Reflect.get(theirs, name));
      expect(Reflect.get(made, 'toKey')('a')).toBe(queue.toKey('a'));
    }
    // What is not ordinary is left to the engine.
    for (const [field, value] of [
      ['stacktrace', '[]'],
      ['parentKey', 'p'],
      ['defa', 'no'],
      ['ats', 'x'],
      ['opts', '{"backoff":5}'],
      ['data', '{'],
    ])
      expect(quick.make('a', ['name', 'x', 'data', '{}', 'timestamp', '1', field!, value!])).toBeUndefined();
    expect(quick.make('a', ['data', '{}'])).toBeUndefined();
  });

  it('counts a crash of each job whose lock is gone, in a method of its backend', async () => {
    const { queue, startWorker } = startQueue();
    const worker = startWorker(() => Promise.resolve(), { autorun: false, stalledInterval: 1 });
    await queue.add('x', {}, { jobId: 'a' });
    await worker.getNextJob('its token');
    await connect().del(`${queue.toKey('a')}:lock`);
    await eventually(async () => expect(await worker.getBackend().moveStalledJobsToWait()).toEqual(['a']));
    expect(await connect().hget(queue.toKey('a'), 'stc')).toBe('1');
  });
});

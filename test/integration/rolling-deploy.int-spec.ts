import { defineJob } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

const Known = defineJob<{ at: number }>('known', { retry: false });
const Fresh = defineJob<{ at: number }>('fresh', { retry: false });

/** An app with old workers, and new ones that know one kind of job more. */
async function startApp() {
  const app = uniqueApp();
  const { queue, jobs } = await startProducer({ app });
  const waits: Record<string, number[]> = { known: [], fresh: [] };
  const noteOf = (definition: typeof Known) =>
    handlerOf(definition, ({ at }) => void waits[definition.name]!.push(Date.now() - at));
  const startOld = () => startWorker({ app, providers: [noteOf(Known)] });
  const startNew = () => startWorker({ app, providers: [noteOf(Known), noteOf(Fresh)] });
  return { app, queue, jobs, waits, startOld, startNew };
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;

describe('a new kind of job in a rolling deploy', () => {
  it('reaches the one worker that knows it, past many that do not', async () => {
    const { queue, waits, startOld, startNew } = await startApp();
    await Promise.all(Array.from({ length: 5 }, startOld));
    await startNew();
    const COUNT = 40;
    for (let sent = 0; sent < COUNT; sent++) {
      await queue.enqueue(Fresh, { at: Date.now() });
      await queue.enqueue(Known, { at: Date.now() });
    }
    await eventually(() => expect(waits.fresh).toHaveLength(COUNT));
    // One by one too: each meets workers that have been waiting for a while.
    for (let sent = 1; sent <= COUNT / 4; sent++) {
      await queue.enqueue(Fresh, { at: Date.now() });
      await eventually(() => expect(waits.fresh).toHaveLength(COUNT + sent));
    }
    await eventually(() => expect(waits.known).toHaveLength(COUNT));
    expect(percentile(waits.fresh!, 0.9)).toBeLessThan(6_000);
    expect(percentile(waits.known!, 0.9)).toBeLessThan(6_000);
  });

  it('that waits already runs soon after such a worker has come', async () => {
    const { queue, jobs, waits, startOld, startNew } = await startApp();
    await startOld();
    const job = await queue.enqueue(Fresh, { at: Date.now() });
    await eventually(async () => expect((await jobs.get(job.id))?.state).toBe('delayed'));
    await startNew();
    // Mostly after a second; an idle worker of the engine looks by itself after ten at the latest.
    await eventually(() => expect(waits.fresh).toHaveLength(1), { timeout: 15_000 });
    expect(await jobs.get(job.id)).toMatchObject({ attempt: 1 });
  });
});

describe('a job that was enqueued by another version', () => {
  it.each([
    ['no retries', { retry: false }, 1],
    ['fewer', { retry: { attempts: 2, delay: 1 } }, 2],
    ['a function', { retry: (attempt: number) => (attempt < 3 ? 1 : false) }, 3],
  ] as const)('runs by what the definition says now: %s', async (_what, live, attempts) => {
    const app = uniqueApp();
    const runs: number[] = [];
    const Stored = defineJob('pay', { retry: { attempts: 4, delay: 1 } });
    const fail = (_payload: void, { attempt }: { attempt: number }) => {
      runs.push(attempt);
      throw new Error('no');
    };
    const { queue, jobs } = await startProducer({ app });
    const plain = await queue.enqueue(Stored, undefined);
    await startWorker({ app, providers: [handlerOf(defineJob('pay', live), fail)] });
    await eventually(async () => expect((await jobs.get(plain.id))?.state).toBe('dead'));
    expect(runs).toHaveLength(attempts);
    // What the call gave holds.
    const given = await queue.enqueue(Stored, undefined, { retry: { attempts: 3, delay: 1 } });
    await eventually(async () => expect((await jobs.get(given.id))?.state).toBe('dead'));
    expect(runs.slice(attempts)).toEqual([1, 2, 3]);
  });
});

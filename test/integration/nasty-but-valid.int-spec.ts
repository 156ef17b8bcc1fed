import { Injectable } from '@nestjs/common';
import {
  defineJob,
  type EnqueuedJob,
  type EnqueueOptions,
  type JobDefinition,
  ProcessJob,
} from 'scalr-queue';
import { setImmediate as tick } from 'node:timers/promises';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { keysOf, startHostile } from '../support/hostile.js';

const Plain = defineJob<unknown>('plain');

/** A processor that keeps the payloads it gets. */
function recorderOf<Payload>(definition: JobDefinition<Payload>, seen: unknown[]) {
  @Injectable()
  class Recorder {
    @ProcessJob(definition)
    run(payload: Payload): void {
      seen.push(payload);
    }
  }
  return Recorder;
}

describe('an id that is a word of the engine', () => {
  const words = ['wait', 'active', 'delayed', 'prioritized', 'paused', 'completed', 'failed', 'stalled', 'limiter',
    'meta', 'events', 'pc', 'marker', 'repeat', 'id', 'stalled-check', 'de', '123', '0', 'constructor']; // prettier-ignore

  it('makes a job like any other, and destroys nothing', async () => {
    const Word = defineJob<string>('word');
    const seen: string[] = [];
    const { queue, jobs } = await startBoth({ providers: [recorderOf(Word, seen)] });
    const enqueued: EnqueuedJob[] = [];
    for (const id of words) enqueued.push(await queue.enqueue(Word, `ran ${id}`, { id }));
    expect(enqueued.map(({ id, status }) => [id, status])).toEqual(words.map((id) => [id, 'created']));
    for (const job of enqueued) await jobs.waitFor(job, { timeout: '20s' });
    expect(seen.toSorted()).toEqual(words.map((id) => `ran ${id}`).toSorted());
    expect(await jobs.get('meta')).toMatchObject({ id: 'meta', name: 'word', state: 'completed' });
  });
});

describe('jobs of the same id or key', () => {
  it('are made once: the second one is a duplicate and its payload is dropped', async () => {
    const { queue } = await startHostile();
    expect(await queue.enqueue(Plain, 1, { id: 'order-7' })).toMatchObject({
      id: 'order-7',
      status: 'created',
    });
    expect(await queue.enqueue(Plain, 2, { id: 'order-7' })).toMatchObject({
      id: 'order-7',
      status: 'duplicate',
    });
    const many = await queue.enqueueMany(Plain, [
      { payload: 3, options: { id: 'order-7' } },
      { payload: 4, options: { id: 'order-8' } },
    ]);
    expect(many.map(({ id, status }) => [id, status])).toEqual([
      ['order-7', 'duplicate'],
      ['order-8', 'created'],
    ]);
  });

  it('are the same whatever the order of the keys of their payload', async () => {
    const { queue } = await startHostile();
    const options: EnqueueOptions = { unique: true, delay: '1h' };
    const first = await queue.enqueue(Plain, { a: 1, b: { c: 2, d: [3] } }, options);
    const same = await queue.enqueue(Plain, { b: { d: [3], c: 2 }, a: 1 }, options);
    const other = await queue.enqueue(Plain, { b: { d: [4], c: 2 }, a: 1 }, options);
    expect(same).toEqual({ ...first, status: 'duplicate' });
    expect(other.status).toBe('created');
  });
});

describe('many jobs', () => {
  it('can be none', async () => {
    const { app, queue, settled } = await startHostile();
    expect(await queue.enqueueMany(Plain, [])).toEqual([]);
    await settled();
    expect(await keysOf(app)).toEqual([]);
  });

  it('can come from an async generator, and keep their order', async () => {
    const COUNT = 600; // More than two slices.
    async function* numbers() {
      for (let n = 0; n < COUNT; n++) {
        await tick();
        yield { payload: n, options: { id: `n-${n}` } };
      }
    }
    const { app, queue } = await startHostile();
    const enqueued = await queue.enqueueMany(Plain, numbers());
    expect(enqueued.map(({ id }) => id)).toEqual(Array.from({ length: COUNT }, (_, n) => `n-${n}`));
    expect(enqueued.every(({ status }) => status === 'created')).toBe(true);
    const stored = (await keysOf(app)).filter((key) => key.includes('plain~n-'));
    expect(stored).toHaveLength(COUNT);
  });
});

describe('a payload', () => {
  it('is stored as it was when enqueue was called', async () => {
    const Copy = defineJob<unknown>('copy');
    const seen: unknown[] = [];
    const { queue } = await startBoth({ providers: [recorderOf(Copy, seen)] });
    const payload = { list: [1] };
    const enqueued = queue.enqueue(Copy, payload);
    payload.list.push(2);
    await enqueued;
    await queue.enqueue(Copy, null);
    await queue.enqueue(Copy, undefined);
    await queue.enqueue(Copy, { constructor: 1, toString: 'x' });
    await eventually(() => expect(seen).toHaveLength(4));
    const expected: unknown[] = [{ list: [1] }, null, undefined, { constructor: 1, toString: 'x' }];
    expect(seen).toEqual(expect.arrayContaining(expected));
  });
});

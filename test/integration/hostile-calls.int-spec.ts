import { defineJob } from 'scalr-queue';
import { keysOf, refusalOf, startHostile } from '../support/hostile.js';

const Plain = defineJob<unknown>('plain');

describe('a call that is refused', () => {
  it.each<[string, unknown[], string, string]>([
    ['35 one wrong item', [[{ a: 1 }, { a: 2 }, { a: new Date() }]], 'PAYLOAD_NOT_SERIALIZABLE', 'item 2 of enqueueMany: payload of plain is not strict JSON at $.a'],
    ['35 wrong options of an item', [[{ payload: 1, options: {} }, { payload: 2, options: { id: 'a:b' } }]], 'INVALID_OPTION', 'item 1 of enqueueMany: expected id to be'],
    ['35 one id for all', [[1, 2], { id: 'same' }], 'INVALID_OPTION', 'expected id to be given per item of enqueueMany'],
    ['35 no options', [[1], null], 'INVALID_OPTION', 'to be an object, got: null'],
    ['35 no items', [undefined], 'INVALID_OPTION', 'got: undefined'],
    ['35 one item', [{ a: 1 }], 'INVALID_OPTION', 'got: an object'],
  ])('enqueues none of many: %s', async (_name, args, code, message) => {
    const { app, settled, loose } = await startHostile();
    const error = await refusalOf(loose.enqueueMany(Plain, ...args));
    await settled();
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(await keysOf(app)).toEqual([]);
  }); // prettier-ignore

  it.each([undefined, 'plain', {}])('enqueues none of many when %o is the definition', async (definition) => {
    const { app, settled, loose } = await startHostile();
    const error = await refusalOf(loose.enqueueMany(definition, [1]));
    await settled();
    expect(error.code).toBe('UNKNOWN_JOB');
    expect(await keysOf(app)).toEqual([]);
  });

  it.each([undefined, null, {}, { waitFor: 'soon' }, { waitFor: 0 }])(
    'enqueues nothing to wait for with the options %o',
    async (given) => {
      const { app, settled, loose } = await startHostile();
      const error = await refusalOf(loose.enqueueAndWait(Plain, 1, given));
      await settled();
      expect(error.code).toBe('INVALID_OPTION');
      expect(await keysOf(app)).toEqual([]);
    },
  );
});

describe('a wait that is refused', () => {
  const soon = 5_000;

  it.each<[unknown, unknown]>([
    ['id', undefined],
    ['id', null],
    ['id', {}],
    ['id', { timeout: -1 }],
    ['id', { timeout: '2m', signal: 5 }],
    [undefined, { timeout: '2m' }],
    ['', { timeout: '2m' }],
    [{ id: 5 }, { timeout: '2m' }],
  ])('is so at once: waitFor(%o, %o)', { timeout: soon }, async (ref, given) => {
    const { looseJobs } = await startHostile();
    expect((await refusalOf(looseJobs.waitFor(ref, given))).code).toBe('INVALID_OPTION');
  });

  it('is so at once when two definitions have the id', { timeout: soon }, async () => {
    const { queue, looseJobs } = await startHostile();
    await queue.enqueue(Plain, 1, { id: 'same', delay: '1h' });
    await queue.enqueue(defineJob<unknown>('other'), 1, { id: 'same', delay: '1h' });
    const error = await refusalOf(looseJobs.waitFor('same', { timeout: '2m' }));
    expect(error.message).toMatch(
      /^the id is used by jobs of "(plain|other)" and "(plain|other)": pass \{ id, name \} instead of the id$/,
    );
  });
});

describe('a call that is aborted or late', () => {
  const aborted = AbortSignal.abort();

  it('rejects with the reason of a signal that was aborted before, and writes nothing', async () => {
    const { app, settled, queue } = await startHostile();
    await expect(queue.enqueue(Plain, 1, { signal: aborted })).rejects.toThrow(aborted.reason as Error);
    await expect(queue.enqueueMany(Plain, [1, 2], { signal: aborted })).rejects.toThrow(
      aborted.reason as Error,
    );
    await settled();
    expect(await keysOf(app)).toEqual([]);
  });

  it('rejects with QueueClosedError after the shutdown, and writes nothing', async () => {
    const { app, queue, context, settled } = await startHostile();
    await settled();
    await context.close();
    for (const call of [queue.enqueue(Plain, 1), queue.enqueueMany(Plain, [1])])
      expect(await refusalOf(call)).toMatchObject({ code: 'QUEUE_CLOSED' });
    expect(await keysOf(app)).toEqual([]);
  });
});

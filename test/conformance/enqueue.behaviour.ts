import type { Type } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { getEventListeners } from 'node:events';
import {
  defineJob,
  type EnqueueOptions,
  InvalidOptionError,
  PayloadInvalidError,
  PayloadNotSerializableError,
  PayloadTooLargeError,
  QueueFullError,
  UnknownJobError,
} from 'scalr-queue';
import { z } from 'zod';
import { appOf, handlerOf, type StartDriver } from './driver.js';

const Note = defineJob('note', { payload: z.object({ text: z.string() }), retry: false });

/** What becomes of an `enqueue` call. */
export function enqueueBehaviours(start: StartDriver) {
  const app = async () => {
    const seen: string[] = [];
    const handler = handlerOf(Note, ({ text }) => void seen.push(text));
    const queues = { small: { maxBacklog: 2 } };
    return { ...(await appOf(start, { providers: [handler], payloadLimit: 1_000, queues })), seen };
  };
  const held = async () => {
    const it = await app();
    await it.queue.enqueue(Note, { text: 'first' }, { id: 'first' });
    await it.in('completed', { id: 'first' });
    await it.queues.pause('default');
    return it;
  };
  const note = (text: string) => ({ text });

  describe('enqueue', () => {
    it('creates a job, with a fresh id, in the queue of its definition', async () => {
      const { queue, in: inState, seen } = await app();
      const job = await queue.enqueue(Note, note('a'));
      expect(job).toEqual({
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        name: 'note',
        queue: 'default',
        status: 'created',
      });
      expect(await inState('completed', job)).toMatchObject({ attempt: 1, maxAttempts: 1 });
      expect(seen).toEqual(['a']);
    });

    it('makes no second job with the same id, also when the first has finished', async () => {
      const { queue } = await held();
      expect(await queue.enqueue(Note, note('x'), { id: 'first' })).toMatchObject({
        id: 'first',
        status: 'duplicate',
      });
    });

    it.each<[string, EnqueueOptions<{ text: string }>]>([
      ['its payload', { unique: true }],
      ['a key', { unique: { key: 'k' } }],
      ['a key made of the payload', { unique: { key: ({ text }) => text } }],
    ])('keeps the first of two that are the same by %s', async (_by, options) => {
      const { queue } = await held();
      const first = await queue.enqueue(Note, note('u'), options);
      expect(first.status).toBe('created');
      expect(await queue.enqueue(Note, note('u'), options)).toEqual({ ...first, status: 'duplicate' });
    });

    it('takes the key again when the job has finished', async () => {
      const { queue, in: inState } = await app();
      const first = await queue.enqueue(Note, note('u'), { unique: true });
      await inState('completed', first);
      expect((await queue.enqueue(Note, note('u'), { unique: true })).status).toBe('created');
    });

    it('keeps the key for its window, whatever becomes of the job, and not longer', async () => {
      const { queue, in: inState, pass } = await app();
      const long = { unique: { key: 'long', for: '1h' } } as const;
      const short = { unique: { key: 'short', for: 600 } } as const;
      const first = await queue.enqueue(Note, note('u'), long);
      await inState('completed', first);
      expect(await queue.enqueue(Note, note('v'), long)).toEqual({ ...first, status: 'duplicate' });
      await inState('completed', await queue.enqueue(Note, note('u'), short));
      await pass(700);
      expect((await queue.enqueue(Note, note('v'), short)).status).toBe('created');
    });

    it('replaces a delayed job, and not one that waits', async () => {
      const { queue, jobs } = await held();
      const unique = { key: 'k', onConflict: 'replace' as const };
      const first = await queue.enqueue(Note, note('1'), { unique, delay: '1h' });
      const second = await queue.enqueue(Note, note('2'), { unique });
      expect(second.status).toBe('replaced');
      expect(await jobs.get(first.id)).toBeUndefined();
      expect(await queue.enqueue(Note, note('3'), { unique })).toEqual({ ...second, status: 'duplicate' });
    });

    it('starts a delayed job at its time', async () => {
      const { queue, in: inState, jobs } = await app();
      const job = await queue.enqueue(Note, note('late'), { delay: 1_000 });
      expect((await jobs.get(job.id))?.state).toBe('delayed');
      const { startedAt, enqueuedAt } = await inState('completed', job);
      expect(startedAt!.getTime() - enqueuedAt.getTime()).toBeGreaterThanOrEqual(1_000);
    });

    it('takes a runAt in the past for now, and tells a later one', async () => {
      const { queue, in: inState, jobs } = await app();
      await inState('completed', await queue.enqueue(Note, note('p'), { runAt: new Date(0) }));
      const { enqueuedAt } = (await jobs.get((await queue.enqueue(Note, note('n'))).id))!;
      const runAt = new Date(enqueuedAt.getTime() + 60_000);
      const job = await queue.enqueue(Note, note('f'), { runAt });
      expect((await jobs.get(job.id))?.runAt).toEqual(runAt);
    });

    it('runs by priority, and those of one priority in order', async () => {
      const { queue, queues, until, seen } = await held();
      for (const [text, priority] of [
        ['c', 9],
        ['d', 9],
        ['b', 1],
        ['a', 0],
      ] as const)
        await queue.enqueue(Note, note(text), { priority });
      await queues.resume('default');
      await until(() => expect(seen).toHaveLength(5));
      expect(seen.slice(1).join('')).toBe('abcd');
    });

    it('tells of each of many what became of it, in order', async () => {
      const { queue, until, seen } = await app();
      const jobs = await queue.enqueueMany(Note, [
        { payload: note('a'), options: { id: 'a' } },
        { payload: note('b'), options: { id: 'a' } },
        note('c'),
      ]);
      expect(jobs.map(({ status }) => status).toSorted()).toEqual(['created', 'created', 'duplicate']);
      expect(jobs.map(({ id }) => id).slice(0, 2)).toEqual(['a', 'a']);
      await until(() => expect(seen).toHaveLength(2));
    });

    it.each<[Type, string, object, object]>([
      [PayloadInvalidError, 'PAYLOAD_INVALID', { text: 7 }, {}],
      [PayloadNotSerializableError, 'PAYLOAD_NOT_SERIALIZABLE', { text: 'x', at: new Date() }, {}],
      [PayloadTooLargeError, 'PAYLOAD_TOO_LARGE', { text: 'x'.repeat(1_000) }, {}],
      [InvalidOptionError, 'INVALID_OPTION', { text: 'x' }, { delay: -1 }],
      [InvalidOptionError, 'INVALID_OPTION', { text: 'x' }, { dealy: 1 }],
    ])('refuses with %o before anything is stored', async (type, code, payload, options) => {
      const { queue, queues } = await app();
      const error: unknown = await queue
        .enqueue(Note, payload as never, options)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(type);
      expect(error).toHaveProperty('code', code);
      expect((await queues.list()).filter(({ waiting }) => waiting > 0)).toEqual([]);
    });

    it('refuses what is no definition', async () => {
      const { queue } = await app();
      await expect(queue.enqueue('note' as never, undefined as never)).rejects.toBeInstanceOf(
        UnknownJobError,
      );
    });

    it('refuses more than maxBacklog', async () => {
      const { queue } = await app();
      const Small = defineJob('small', { queue: 'small' });
      const delayed = Array.from({ length: 2 }, () => ({
        payload: undefined,
        options: { delay: '1h' as const },
      }));
      await queue.enqueueMany(Small, delayed);
      const refused = queue.enqueue(Small);
      await expect(refused).rejects.toBeInstanceOf(QueueFullError);
    });
  });

  describe('a signal', () => {
    const reason = new Error('the client has gone');
    const abortable = () => {
      const controller = new AbortController();
      const { signal } = controller;
      const expectRejection = async (call: Promise<unknown>) => {
        setImmediate(() => controller.abort(reason));
        await expect(call).rejects.toBe(reason);
        expect(getEventListeners(signal, 'abort')).toEqual([]);
      };
      return { signal, expectRejection };
    };

    it('ends a call whose payload is still being checked, and nothing is enqueued', async () => {
      const { queue, jobs } = await app();
      const validate = () => new Promise<never>(() => undefined);
      const schema: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'test', validate } };
      const Slow = defineJob('slow', { payload: schema });
      const one = abortable();
      await one.expectRejection(queue.enqueue(Slow, 1, { id: 'one', signal: one.signal }));
      const many = abortable();
      await many.expectRejection(queue.enqueueMany(Slow, [1, 2], { signal: many.signal }));
      expect(await jobs.get('one')).toBeUndefined();
    });

    it('ends a wait for a job, which goes on', async () => {
      const { queue, jobs, until } = await held();
      const wait = abortable();
      const job = await queue.enqueue(Note, note('a'), { id: 'a' });
      await wait.expectRejection(jobs.waitFor(job, { timeout: '1m', signal: wait.signal }));
      await expect(jobs.waitFor(job, { timeout: '1m', signal: wait.signal })).rejects.toBe(reason);
      expect(await jobs.get('a')).toMatchObject({ state: 'waiting' });
      const both = abortable();
      const call = queue.enqueueAndWait(Note, note('b'), { id: 'b', waitFor: '1m', signal: both.signal });
      await until(async () => expect(await jobs.get('b')).toMatchObject({ state: 'waiting' }));
      await both.expectRejection(call);
      expect(await jobs.get('b')).toMatchObject({ state: 'waiting' });
      const signal = {} as AbortSignal;
      await expect(jobs.waitFor(job, { timeout: '1m', signal })).rejects.toBeInstanceOf(InvalidOptionError);
    });
  });
}

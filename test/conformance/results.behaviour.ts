import type { StandardSchemaV1 } from '@standard-schema/spec';
import { defineJob, Discard } from 'scalr-queue';
import { z } from 'zod';
import { appThat, Work } from './acting.app.js';
import { appOf, handlerOf, type StartDriver } from './driver.js';

/** A schema that does just this. */
const schemaOf = (validate: StandardSchemaV1.Props['validate']): StandardSchemaV1 => ({
  '~standard': { version: 1, vendor: 'test', validate },
});

const cycle = () => {
  const it: { self?: unknown } = {};
  it.self = it;
  return it;
};

/** A result, or an error, that cannot be stored as it is: the handler has done its work and does not run again. */
export function resultBehaviours(start: StartDriver) {
  describe('a result', () => {
    it.each<[string, () => unknown, unknown]>([
      ['with a key that is undefined', () => ({ note: undefined, n: 1 }), { n: 1 }],
      ['with a Date', () => ({ at: new Date(0) }), { at: '1970-01-01T00:00:00.000Z' }],
      ['that is a Decimal', () => ({ price: { toJSON: () => '1.50' } }), { price: '1.50' }],
      ['that is bytes', () => Buffer.from('a'), { type: 'Buffer', data: [97] }],
      ['that is a bigint', () => ({ id: 1n }), undefined],
      ['that is a symbol', () => Symbol('x'), undefined],
      ['with a cycle', cycle, undefined],
      ['of 300 KB', () => 'x'.repeat(300_000), undefined],
      [
        'that throws when it is read',
        () => ({
          toJSON: () => {
            throw new Error('no');
          },
        }),
        undefined,
      ],
    ])('%s completes the job after one run', async (_name, returned, stored) => {
      const { queue, in: inState, attempts } = await appThat(start, returned);
      const info = await inState('completed', await queue.enqueue(Work, 'x'));
      expect(info.result).toEqual(stored);
      expect(attempts).toEqual([1]);
    });

    it.each<[string, StandardSchemaV1, unknown]>([
      ['does not allow', z.object({ sum: z.number() }), { sum: 'many' }],
      ['makes something of that JSON cannot hold', z.object({ at: z.date() }), { at: new Date(0) }],
      ['lets pass though it is too large', z.string(), 'x'.repeat(300_000)],
      ['cannot check', schemaOf(() => Promise.reject(new Error('the lookup is down'))), 1],
    ])('that its schema %s leaves the job dead after one run', async (_name, result, returned) => {
      const Sum = defineJob('sum', { payload: z.number(), result });
      const { queue, in: inState, attempts, dead } = await appThat(start, () => returned, Sum as never);
      const info = await inState('dead', await queue.enqueue(Sum, 1));
      expect(info).toMatchObject({ reason: 'invalid-result', attempt: 1 });
      expect(attempts).toEqual([1]);
      expect(await dead.count({ reason: 'invalid-result' })).toBe(1);
    });

    it('may lack what its schema says is optional', async () => {
      const Note = defineJob('note', {
        payload: z.number(),
        result: z.object({ note: z.string().optional() }),
      });
      const { queue, in: inState } = await appThat(start, () => ({ note: undefined }), Note as never);
      expect((await inState('completed', await queue.enqueue(Note, 1))).result).toEqual({});
    });
  });

  describe('a payload', () => {
    it('loses the keys that are undefined', async () => {
      const Optional = defineJob<{ a: number; note?: string }>('optional');
      const payloads: unknown[] = [];
      const handler = handlerOf(Optional, (payload) => void payloads.push(payload));
      const { queue, in: inState } = await appOf(start, { providers: [handler] });
      await inState('completed', await queue.enqueue(Optional, { a: 1, note: undefined }));
      expect(payloads).toEqual([{ a: 1 }]);
      expect(Object.keys(payloads[0] as object)).toEqual(['a']);
    });

    it('whose schema throws fails the attempt, and is checked again with the next', async () => {
      let checks = 0;
      const lookUp = async (value: unknown) => {
        // Once by enqueue.
        if (++checks === 2) throw new Error('the lookup is down');
        return { value };
      };
      const Checked = defineJob('checked', {
        payload: schemaOf(lookUp),
        retry: { attempts: 3, delay: 5 },
      });
      const {
        queue,
        in: inState,
        attempts,
        told,
        until,
      } = await appThat(start, () => 'done', Checked as never);
      const info = await inState('completed', await queue.enqueue(Checked, 'x'));
      expect(info).toMatchObject({ attempt: 2, result: 'done' });
      expect(attempts).toEqual([2]);
      await until(() => expect(told).toEqual(['started', 'retrying', 'started', 'completed']));
    });
  });

  describe('what a handler throws', () => {
    const traps = { getPrototypeOf: () => fail('the trap'), get: () => fail('the getter') };
    const fail = (text: string): never => {
      throw new Error(text);
    };

    it.each<[string, () => unknown]>([
      ['a symbol', () => Symbol('x')],
      ['null', () => null],
      ['an object that is no text', () => Object.create(null)],
      ['a proxy that throws', () => new Proxy({}, traps)],
    ])('%s: fails the attempt, and the retry policy of the definition holds', async (_name, thrown) => {
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(start, () => {
        throw thrown();
      });
      const info = await inState('dead', await queue.enqueue(Work, 'x'));
      expect(info).toMatchObject({ reason: 'attempts', attempt: 3, error: { name: 'NonError' } });
      expect(attempts).toEqual([1, 2, 3]);
    });

    it.each<[string, unknown, string]>([
      ['a symbol', Symbol('gone'), 'Symbol(gone)'],
      ['an error', new Error('gone'), 'Error: gone'],
      ['no text', Object.create(null), 'a value of type object'],
      ['nothing', undefined, ''],
    ])('Discard with %s discards the job', async (_name, reason, message) => {
      const {
        queue,
        in: inState,
        attempts,
      } = await appThat(start, () => {
        throw new Discard(reason as string);
      });
      const info = await inState('dead', await queue.enqueue(Work, 'x'));
      expect(info).toMatchObject({ reason: 'discarded', attempt: 1, error: { name: 'Discard', message } });
      expect(attempts).toEqual([1]);
    });
  });
}

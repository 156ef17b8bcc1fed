import { defineJob, type EnqueuedJob, type EnqueueOptions, type JobContext } from 'scalr-queue';
import { appOf, handlerOf, type StartDriver, untilAborted } from './driver.js';

interface Change {
  readonly text: string;
  readonly fail?: boolean;
}

const Index = defineJob<Change>('index', { retry: { attempts: 2, delay: '1h', jitter: 0 } });
const Brief = defineJob<Change>('brief', { keep: { ids: '2s' } });
const Few = defineJob<Change>('few', { keep: { completed: { count: 2 } } });
const Gone = defineJob<Change>('gone');

const unique = (onConflict: 'keep' | 'replace' | 'rerun'): EnqueueOptions<Change> => ({
  unique: { key: 'k', onConflict },
});

/** Ids and unique keys: who holds them, and for how long. */
export function claimBehaviours(start: StartDriver) {
  const app = async () => {
    const seen: string[] = [];
    /** What is done while the job with that text runs. */
    const during = new Map<string, (context: JobContext) => Promise<unknown>>();
    const act = async ({ text, fail }: Change, context: JobContext) => {
      seen.push(text);
      await during.get(text)?.(context);
      if (fail) throw new Error('on purpose');
      return text;
    };
    const providers = [Index, Brief, Few, Gone].map((definition) => handlerOf(definition, act));
    const it = await appOf(start, { providers });
    const saw = (...texts: string[]) => it.until(() => expect(seen).toEqual(texts));
    return { ...it, seen, during, saw };
  };

  describe('an id', () => {
    it('is remembered when its job is gone, for as long as keep.ids says', async () => {
      const { queue, dead, pass, in: inState, saw } = await app();
      const options = { id: 'once', retry: false } as const;
      await inState('dead', await queue.enqueue(Brief, { text: 'a', fail: true }, options));
      expect(await dead.delete('once')).toMatchObject({ deleted: 1 });
      expect((await queue.enqueue(Brief, { text: 'b' }, options)).status).toBe('duplicate');
      await pass(2_100);
      expect((await queue.enqueue(Brief, { text: 'c' }, options)).status).toBe('created');
      await saw('a', 'c');
    });

    it('is remembered when so many others have completed since that its job is not kept', async () => {
      const { queue, jobs, until, saw, in: inState } = await app();
      const first = await queue.enqueue(Few, { text: 'a' }, { id: 'paid' });
      await inState('completed', first);
      const others = ['b', 'c', 'd', 'e'];
      for (const text of others) await queue.enqueue(Few, { text });
      await until(async () => expect(await jobs.get(first)).toBeUndefined());
      expect(await queue.enqueue(Few, { text: 'again' }, { id: 'paid' })).toEqual({
        ...first,
        status: 'duplicate',
      });
      await saw('a', ...others);
    });

    it('that the library made is remembered too: resending makes one job', async () => {
      const { queue, dead, in: inState } = await app();
      const job = await queue.enqueue(Gone, { text: 'a', fail: true }, { retry: false });
      await inState('dead', job);
      await dead.delete(job.id);
      expect(await queue.enqueue(Gone, { text: 'a' }, { id: job.id })).toEqual({
        ...job,
        status: 'duplicate',
      });
    });

    it('is remembered when its job was cancelled, or was dead and deleted', async () => {
      const { queue, jobs, dead } = await app();
      await queue.enqueue(Gone, { text: 'a' }, { id: 'no', delay: '1h' });
      expect(await jobs.cancel('no')).toBe('cancelled');
      expect(await dead.delete('no')).toMatchObject({ deleted: 1 });
      expect((await queue.enqueue(Gone, { text: 'b' }, { id: 'no' })).status).toBe('duplicate');
    });
  });

  describe('a unique key', () => {
    it('with a window is free again when its job was cancelled or deleted', async () => {
      const { queue, jobs, dead, during, in: inState } = await app();
      const options = { unique: { key: 'k', for: '1h' } } as const;
      const waiting = await queue.enqueue(Index, { text: 'a' }, { ...options, delay: '1h' });
      await jobs.cancel(waiting.id);
      during.set('b', async (context) => {
        await jobs.cancel(context.id);
        await untilAborted(context);
      });
      const running = await queue.enqueue(Index, { text: 'b' }, options);
      expect(running.status).toBe('created');
      expect(await inState('dead', running)).toMatchObject({ reason: 'cancelled' });
      const failing = { ...options, retry: false } as const;
      const doomed = await queue.enqueue(Index, { text: 'c', fail: true }, failing);
      expect(doomed.status).toBe('created');
      await inState('dead', doomed);
      expect((await queue.enqueue(Index, { text: 'd' }, options)).status).toBe('duplicate');
      await dead.delete(doomed.id);
      expect((await queue.enqueue(Index, { text: 'e' }, options)).status).toBe('created');
    });

    it('replaces no job that has run: one that waits for its retry keeps its id and its attempts', async () => {
      const { queue, in: inState } = await app();
      const first = await queue.enqueue(Index, { text: 'a', fail: true }, unique('replace'));
      await inState('delayed', first);
      const again = await queue.enqueue(Index, { text: 'b' }, unique('replace'));
      expect(again).toMatchObject({ id: first.id, status: 'duplicate' });
      expect(await inState('delayed', first)).toMatchObject({ attempt: 1 });
    });

    it('is taken again by a dead job that is retried, or its holder is named', async () => {
      const { queue, dead, jobs, queues, in: inState } = await app();
      const options = { ...unique('keep'), retry: false } as const;
      const first = await queue.enqueue(Index, { text: 'a', fail: true }, options);
      await inState('dead', first);
      await queues.pause('default');
      const second = await queue.enqueue(Index, { text: 'b' }, options);
      expect(second.status).toBe('created');
      const conflicts = [{ id: first.id, name: 'index', queue: 'default', holder: second.id }];
      const { id } = first;
      expect(await dead.retry(id, { dryRun: true })).toEqual({ matched: 1, retried: 0, conflicts });
      expect(await dead.retry({})).toEqual({ matched: 1, retried: 0, conflicts });
      expect(await inState('dead', first)).toMatchObject({ reason: 'attempts' });
      await jobs.cancel(second.id);
      expect(await dead.retry(first.id)).toEqual({ matched: 1, retried: 1 });
      expect(await queue.enqueue(Index, { text: 'c' }, options)).toMatchObject({
        id: first.id,
        status: 'duplicate',
      });
    });
  });

  describe('rerun', () => {
    it('runs a job once more with the latest payload, however often it is asked for', async () => {
      const { queue, jobs, during, saw, in: inState } = await app();
      const asked: EnqueuedJob[] = [];
      during.set('1', async () => {
        asked.push(await queue.enqueue(Index, { text: '2' }, unique('rerun')));
        asked.push(await queue.enqueue(Index, { text: '3' }, { ...unique('rerun'), expiresIn: 1 }));
        expect(await jobs.get(asked[0]!.id)).toMatchObject({ state: 'waiting', name: 'index' });
        result = jobs.waitFor(asked[0]!, { timeout: '1m' });
      });
      let result: Promise<unknown> | undefined;
      const first = await queue.enqueue(Index, { text: '1' }, unique('rerun'));
      await inState('completed', first);
      const [next] = asked;
      expect(asked).toEqual([next, next]);
      expect(next).toMatchObject({ name: 'index', queue: 'default', status: 'rerun' });
      expect(next!.id).not.toBe(first.id);
      expect(await inState('completed', next!)).toMatchObject({ result: '3', attempt: 1 });
      expect(await result).toBe('3');
      await saw('1', '3');
      expect((await queue.enqueue(Index, { text: '4' }, unique('rerun'))).status).toBe('created');
    });

    it('replaces the payload of a job that waits, for its turn or for its retry', async () => {
      const { queue, queues, in: inState, saw } = await app();
      const first = await queue.enqueue(Index, { text: '1', fail: true }, unique('rerun'));
      await inState('delayed', first);
      expect(await queue.enqueue(Index, { text: '2' }, unique('rerun'))).toEqual({
        ...first,
        status: 'replaced',
      });
      await queues.pause('default');
      const other = { unique: { key: 'other', onConflict: 'rerun' } } as const;
      const waiting = await queue.enqueue(Index, { text: '3' }, other);
      expect(await queue.enqueue(Index, { text: '4' }, other)).toEqual({ ...waiting, status: 'replaced' });
      await queues.resume('default');
      expect(await inState('completed', waiting)).toMatchObject({ result: '4' });
      await saw('1', '4');
    });

    it('follows a run that fails for good or is cancelled, and can be cancelled itself', async () => {
      const { queue, jobs, during, saw, until, in: inState } = await app();
      const options = { ...unique('rerun'), retry: false } as const;
      const asked: EnqueuedJob[] = [];
      during.set('1', async () => {
        asked.push(await queue.enqueue(Index, { text: '2' }, options));
      });
      during.set('2', async (context) => {
        asked.push(await queue.enqueue(Index, { text: '3' }, options));
        await jobs.cancel(context.id);
        await untilAborted(context);
      });
      during.set('3', async () => {
        const fourth = await queue.enqueue(Index, { text: '4' }, options);
        asked.push(fourth);
        expect(await jobs.cancel(fourth.id)).toBe('cancelled');
      });
      const first = await queue.enqueue(Index, { text: '1', fail: true }, options);
      await until(() => expect(asked).toHaveLength(3));
      const [second, third, fourth] = asked;
      expect(asked.map(({ status }) => status)).toEqual(['rerun', 'rerun', 'rerun']);
      await inState('dead', first);
      await inState('dead', second!);
      await inState('completed', third!);
      expect(await inState('dead', fourth!)).toMatchObject({ reason: 'cancelled' });
      expect((await queue.enqueue(Index, { text: '5' }, options)).status).toBe('created');
      await saw('1', '2', '3', '5');
    });

    it('is put in line when the job that it follows is cancelled between two attempts', async () => {
      const { queue, jobs, during, in: inState } = await app();
      const asked: EnqueuedJob[] = [];
      during.set('1', async () => {
        asked.push(await queue.enqueue(Index, { text: '2' }, unique('rerun')));
      });
      const first = await queue.enqueue(Index, { text: '1', fail: true }, unique('rerun'));
      await inState('delayed', first);
      const next = asked[0]!;
      expect(await queue.enqueue(Index, { text: '3' }, unique('rerun'))).toEqual(next);
      expect(await jobs.cancel(first.id)).toBe('cancelled');
      expect(await inState('completed', next)).toMatchObject({ result: '3' });
    });
  });
}

import { setTimeout as pause } from 'node:timers/promises';
import type { JobEnd } from '../../../libs/scalr-queue/src/engine/job-end.js';
import { ANY_NAME } from '../../../libs/scalr-queue/src/engine/job-type.js';
import type { PreparedJob } from '../../../libs/scalr-queue/src/engine/prepared-job.js';
import { eventually } from '../../support/eventually.js';
import { added, jobOf, kill, type MakeEngine, placeOf, REASON, stateOf } from './engine.js';

/** Adding jobs, looking at them, ending them before their time, and hearing of their end. */
export function jobBehaviours(makeEngine: MakeEngine): void {
  describe('adding', () => {
    it('stores a job as it is, and once, however often it is repeated', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf({ payload: { to: 'ann' }, options: { priority: 3 } }));
      await engine.intake.add(job!);
      const found = (await engine.jobs.read('mail', job!.options.jobId))!;
      expect(found.job).toMatchObject({ id: job!.options.jobId, name: 'send', queueName: 'mail' });
      expect(found.job).toMatchObject({
        data: { to: 'ann' },
        attemptsMade: 0,
        timestamp: job!.options.timestamp,
      });
      expect((await engine.queues.states(['mail']))[0]).toMatchObject({ waiting: 1 });
    });

    it('stores many in order, and tells of each', async () => {
      const engine = await makeEngine();
      const jobs = [jobOf(), jobOf({ options: { delay: 60_000 } }), jobOf()];
      expect(await engine.intake.addAll(jobs)).toEqual([undefined, undefined, undefined]);
      const states = await Promise.all(jobs.map((job) => stateOf(engine, job)));
      expect(states).toEqual(['waiting', 'delayed', 'waiting']);
    });

    it('says what became of a job whose id or unique key may be taken', async () => {
      const engine = await makeEngine();
      const own = jobOf({ contested: true });
      const unique = { deduplication: { id: 'key' } };
      const later = { delay: 60_000, deduplication: { id: 'later', replace: true } };
      const add = (job: PreparedJob) => engine.intake.addContested(job, []);
      expect(await add(own)).toEqual({ status: 'created', storedId: own.options.jobId });
      expect(await add(own)).toEqual({ status: 'duplicate', storedId: own.options.jobId });
      const holder = jobOf({ contested: true, options: unique });
      expect(await add(holder)).toMatchObject({ status: 'created' });
      expect(await add(jobOf({ contested: true, options: unique }))).toEqual({
        status: 'duplicate',
        storedId: holder.options.jobId,
      });
      const [first, second] = [
        jobOf({ contested: true, options: later }),
        jobOf({ contested: true, options: later }),
      ];
      expect(await add(first)).toMatchObject({ status: 'created' });
      expect(await add(second)).toEqual({ status: 'replaced', storedId: second.options.jobId });
      expect(await stateOf(engine, first)).toBeUndefined();
    });

    it('takes back a job only before it is on its way, and does not add it then', async () => {
      const engine = await makeEngine();
      for (const contested of [false, true]) {
        const [job, other] = [jobOf({ contested }), jobOf({ contested })];
        const add = (one: PreparedJob) =>
          contested ? engine.intake.addContested(one, []) : engine.intake.add(one);
        const adding = add(job);
        const isBack = engine.intake.withdraw(job);
        await add(other);
        await adding;
        expect(await stateOf(engine, job)).toBe(isBack ? undefined : 'waiting');
        expect(engine.intake.withdraw(other)).toBe(false);
        expect(await stateOf(engine, other)).toBe('waiting');
      }
    });

    it('refuses what is beyond the backlog, and nothing below it', async () => {
      const engine = await makeEngine({ mail: { maxBacklog: 3 } });
      await engine.intake.admit('mail', 2);
      await engine.intake.addAll([jobOf(), jobOf()]);
      await engine.intake.admit('other', 1_000);
      await eventually(() =>
        expect(Promise.resolve(engine.intake.admit('mail', 2))).rejects.toMatchObject({ code: 'QUEUE_FULL' }),
      );
    });
  });

  describe('a stored job', () => {
    it('is found by its place, also where its name is not known', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf());
      const place = placeOf(job!);
      const nowhere = { ...place, storedId: 'send~nowhere' };
      expect(await engine.jobs.stored([nowhere, { ...place, name: ANY_NAME }])).toEqual([place]);
      expect(await engine.jobs.listed([nowhere, place])).toEqual([place]);
      expect(await engine.jobs.read('mail', 'send~nowhere')).toBeUndefined();
      expect(await engine.jobs.logsOf('mail', place.storedId)).toEqual([]);
    });

    it('has a place in the line: first those without a priority, in order, then by priority', async () => {
      const engine = await makeEngine();
      const urgent = jobOf({ options: { priority: 1 } });
      const lazy = jobOf({ options: { priority: 9 } });
      const [first, second] = [jobOf(), jobOf()];
      const late = jobOf({ options: { delay: 60_000 } });
      await added(engine, lazy, urgent, first, second, late);
      const placeInLine = async (job: PreparedJob) =>
        engine.jobs.positionOf((await engine.jobs.read('mail', job.options.jobId))!);
      const places = await Promise.all([first, second, urgent, lazy, late].map(placeInLine));
      expect(places).toEqual([1, 2, 3, 4, undefined]);
    });

    it('waits for its turn once it is promoted, and is promoted only while it is delayed', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf({ options: { delay: 60_000 } }));
      const place = placeOf(job!);
      const state = () => engine.jobs.stateOf(place.queue, place.storedId);
      expect(await state()).toBe('delayed');
      await engine.jobs.promote(place);
      expect(await state()).toBe('waiting');
      await expect(engine.jobs.promote(place)).rejects.toThrow();
      expect(await engine.jobs.stateOf('mail', 'send~nowhere')).toBe('unknown');
    });

    it('is listed by its state, the newest first, from any place on', async () => {
      const engine = await makeEngine();
      const jobs = [1, 2, 3].map((at) => jobOf({ options: { timestamp: Date.now() + at } }));
      await added(engine, ...jobs);
      const listed = async (offset: number) => {
        const ids: string[] = [];
        const offsets: Record<string, number> = {};
        for (const feed of engine.jobs.feeds('mail', 'waiting', {})) offsets[feed.key] = offset;
        for (const feed of engine.jobs.feeds('mail', 'waiting', offsets)) {
          expect(feed.queue).toBe('mail');
          for (let head = await feed.head(); head; head = await feed.head()) {
            ids.push(head.storedId);
            feed.take();
          }
          expect(feed.taken).toBeGreaterThanOrEqual(offset);
        }
        return ids;
      };
      const newestFirst = jobs.map((job) => job.options.jobId).toReversed();
      expect(await listed(0)).toEqual(newestFirst);
      expect(await listed(2)).toEqual(newestFirst.slice(2));
    });

    it('is looked at by its place among those that wait', async () => {
      const engine = await makeEngine();
      const tagged: PreparedJob['options'] & { scalr: object } = { jobId: '', scalr: { tags: ['a'] } };
      const jobs = [
        jobOf({ payload: { to: 'ann' }, options: tagged }),
        jobOf({ payload: { to: 'bob' }, options: { priority: 2 } }),
        jobOf({ options: { delay: 60_000 } }),
      ];
      await added(engine, ...jobs);
      expect(await engine.jobs.glimpse('mail', [], false)).toEqual({ total: 2, jobs: [] });
      const looked = await engine.jobs.glimpse('mail', [0, 1, 2], true);
      expect(looked.total).toBe(2);
      expect(looked.jobs.toSorted((a, b) => b.known!.tags.length - a.known!.tags.length)).toEqual([
        {
          storedId: jobs[0]!.options.jobId,
          known: { name: 'send', tags: ['a'], bytes: 12, payload: { to: 'ann' } },
        },
        {
          storedId: jobs[1]!.options.jobId,
          known: { name: 'send', tags: [], bytes: 12, payload: { to: 'bob' } },
        },
      ]);
      const [first] = (await engine.jobs.glimpse('mail', [0], false)).jobs;
      expect(first!.known).not.toHaveProperty('payload');
    });

    it('is cancelled while it waits, and only then', async () => {
      const engine = await makeEngine();
      const [job] = await added(engine, jobOf());
      await kill(engine, job!);
      expect(await engine.jobs.cancel(placeOf(job!), REASON)).toBe('finished');
      expect(await engine.jobs.cancel({ ...placeOf(job!), storedId: 'send~nowhere' }, REASON)).toBe(
        'not-found',
      );
    });
  });

  describe('the end of a job', () => {
    it('is heard by who listens, and its id is remembered', async () => {
      const engine = await makeEngine();
      const [job, other] = await added(engine, jobOf(), jobOf());
      const { queue, storedId } = placeOf(job!);
      const heard: JobEnd[] = [];
      const { stop, listening } = engine.ends.listen(queue, storedId, (end) => void heard.push(end));
      const ofOther = engine.ends.listen(queue, other!.options.jobId, () => expect.unreachable());
      await listening;
      const places = [{ queue, storedId }];
      expect(await engine.ends.find(places)).toBeUndefined();
      // Listening begins in the background, as the end of a job is found without it too.
      await pause(200);
      const dead = await kill(engine, job!);
      await eventually(() => expect(heard).toEqual([{ failedReason: REASON }]));
      stop();
      ofOther.stop();
      await engine.deadLetters.delete([dead]);
      expect(await engine.ends.remembers(places)).toBe(true);
      expect(await engine.ends.remembers([{ queue, storedId: 'send~nowhere' }])).toBe(false);
    });
  });
}

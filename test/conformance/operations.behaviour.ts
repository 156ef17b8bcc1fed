import { defineJob, InvalidOptionError, UnknownJobError } from 'scalr-queue';
import { appOf, handlerOf, type StartDriver } from './driver.js';

const Mail = defineJob<string>('mail', { retry: false, queue: 'mail' });
const Bill = defineJob<string>('bill', { retry: false });
const Tick = defineJob('tick', { retry: false });

/** Dead jobs, queues and schedules in the hands of an operator. */
export function operationBehaviours(start: StartDriver) {
  const graveyard = async () => {
    const healthy = { now: false };
    const act = (payload: string) => {
      if (!healthy.now) throw new RangeError(`cannot do ${payload}`);
      return 'done';
    };
    const it = await appOf(start, { providers: [handlerOf(Mail, act), handlerOf(Bill, act)] });
    const jobs = [];
    for (const [definition, payload] of [
      [Mail, 'one'],
      [Bill, 'two'],
      [Mail, 'three'],
    ] as const) {
      jobs.push(await it.queue.enqueue(definition, payload));
      await it.in('dead', jobs.at(-1)!);
      await it.pass(2);
    }
    return { ...it, healthy, ids: jobs.map(({ id }) => id) };
  };

  describe('jobs that wait', () => {
    it('are cancelled by definition, queue and state', async () => {
      const it = await appOf(start, { providers: [handlerOf(Mail, () => 'sent')] });
      const [one, two] = [
        await it.queue.enqueue(Bill, 'one'),
        await it.queue.enqueue(Bill, 'two', { delay: '1h' }),
      ];
      const mail = await it.queue.enqueue(Mail, 'one', { delay: '1h' });
      expect(await it.jobs.cancelMany({ definition: Bill }, { dryRun: true })).toMatchObject({ matched: 2 });
      expect(await it.jobs.cancelMany({ queue: 'mail', state: 'waiting' })).toMatchObject({ matched: 0 });
      expect(await it.jobs.cancelMany({ definition: Bill })).toEqual({
        matched: 2,
        cancelled: 2,
        cancelling: 0,
      });
      for (const job of [one, two])
        expect(await it.jobs.get(job)).toMatchObject({ state: 'dead', reason: 'cancelled' });
      expect(await it.jobs.get(mail)).toMatchObject({ state: 'delayed' });
    });
  });

  describe('dead jobs', () => {
    it('are listed newest first, in pages, with payload and failures', async () => {
      const { dead, ids } = await graveyard();
      const first = await dead.list({}, { limit: 2 });
      expect(first.jobs.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
      const second = await dead.list({}, { limit: 2, cursor: first.cursor });
      expect(second).toEqual({
        jobs: [expect.objectContaining({ id: ids[0], payload: 'one', reason: 'attempts' })],
      });
      const [job] = second.jobs;
      expect(job!.failures).toEqual([
        { at: expect.any(Date), attempt: 1, stack: expect.stringContaining('cannot do one') },
      ]);
    });

    it('are among the jobs that are listed, told in detail and explained', async () => {
      const { jobs, ids } = await graveyard();
      const first = await jobs.list({ state: 'dead', limit: 2 });
      expect(first.jobs.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
      const second = await jobs.list({ state: 'dead', limit: 2, cursor: first.cursor });
      expect(second).toMatchObject({ jobs: [{ id: ids[0], state: 'dead' }] });
      expect(await jobs.details(ids[0]!)).toMatchObject({ payload: 'one', logs: [] });
      expect(await jobs.explain(ids[0]!)).toMatchObject({ reasons: [{ code: 'dead' }] });
      expect(await jobs.explain('nobody')).toBeUndefined();
    });

    it('are grouped by what they died of', async () => {
      const { dead, ids } = await graveyard();
      const { groups, jobs } = await dead.groups({ definition: Mail });
      expect([jobs, groups.map((group) => [group.jobs, group.error.message, group.lastId])]).toEqual([
        2,
        [
          [1, 'cannot do three', ids[2]],
          [1, 'cannot do one', ids[0]],
        ],
      ]);
      expect(await dead.count({ group: groups[1]!.fingerprint })).toBe(1);
    });

    it('are one group where their definition says so, whatever their errors', async () => {
      const Charge = defineJob<string>('card.charge', {
        retry: false,
        fingerprint: ({ message }) => {
          if (message === 'broken') throw new Error('no fingerprint');
          return message.startsWith('card ') ? 'card' : undefined;
        },
      });
      const charge = handlerOf(Charge, (message) => {
        throw Object.assign(new Error(message), { code: message === 'card expired' ? 'E_OLD' : undefined });
      });
      const it = await appOf(start, { providers: [charge] });
      for (const message of ['card declined', 'card expired', 'no account', 'broken'])
        await it.in('dead', await it.queue.enqueue(Charge, message));
      const { groups } = await it.dead.groups();
      expect(groups.map(({ jobs }) => jobs)).toEqual([2, 1, 1]);
      const [cards] = groups;
      expect(await it.dead.count({ group: cards!.fingerprint })).toBe(2);
      const { jobs } = await it.dead.list({ group: cards!.fingerprint });
      expect(jobs.map(({ error }) => error).toSorted((a, b) => (a!.message < b!.message ? -1 : 1))).toEqual([
        { name: 'Error', message: 'card declined' },
        { name: 'Error', message: 'card expired', code: 'E_OLD' },
      ]);
    });

    it.each([
      ['definition', { definition: Mail }, 2],
      ['name', { definition: 'bill' }, 1],
      ['queue', { queue: 'mail' }, 2],
      ['reason', { reason: 'attempts' as const }, 3],
      ['another reason', { reason: 'expired' as const }, 0],
      ['text of the error', { error: 'DO TWO' }, 1],
      ['time before', { before: new Date(0) }, 0],
      ['time after', { after: new Date('2100-01-01') }, 0],
      ['all of them', { definition: Mail, queue: 'mail', error: 'rangeerror', after: new Date(0) }, 2],
    ])('are counted by %s', async (_by, filter, count) => {
      const { dead } = await graveyard();
      expect(await dead.count(filter)).toBe(count);
    });

    it('are retried with their id and a full set of attempts', async () => {
      const { dead, ids, healthy, in: inState } = await graveyard();
      healthy.now = true;
      expect(await dead.retry({ definition: Mail }, { dryRun: true })).toEqual({ matched: 2, retried: 0 });
      expect(await dead.retry(ids[0]!)).toEqual({ matched: 1, retried: 1 });
      expect(await inState('completed', { id: ids[0]! })).toMatchObject({ attempt: 1, result: 'done' });
      expect(await dead.retry({}, { limit: 1 })).toMatchObject({ matched: 1, retried: 1 });
      await inState('completed', { id: ids[2]! });
      expect(await dead.count()).toBe(1);
    });

    it('are deleted for good', async () => {
      const { dead, ids, jobs } = await graveyard();
      expect(await dead.delete({ queue: 'mail' })).toEqual({ matched: 2, deleted: 2 });
      expect(await dead.delete('nobody')).toEqual({ matched: 0, deleted: 0 });
      expect(await jobs.get(ids[0]!)).toBeUndefined();
      expect(await dead.get(ids[1]!)).toMatchObject({ payload: 'two' });
    });

    it('are not asked for with a wrong filter or cursor', async () => {
      const { dead } = await graveyard();
      await expect(dead.list({ quue: 'mail' } as never)).rejects.toBeInstanceOf(InvalidOptionError);
      await expect(dead.list({}, { cursor: 'wrong' })).rejects.toBeInstanceOf(InvalidOptionError);
    });
  });

  describe('queues', () => {
    it('are told with what is in them', async () => {
      const { queue, queues, until } = await graveyard();
      await queue.enqueue(Bill, 'later', { delay: '1h' });
      await until(async () => expect((await queues.list()).every(({ workers }) => workers === 1)).toBe(true));
      const told = (await queues.list()).map(({ name, delayed, dead, waiting }) => ({
        name,
        delayed,
        dead,
        waiting,
      }));
      expect(told).toEqual([
        { name: 'default', delayed: 1, dead: 1, waiting: 0 },
        { name: 'mail', delayed: 0, dead: 2, waiting: 0 },
      ]);
    });

    it('can be held', async () => {
      const { queue, queues, pass, jobs, in: inState } = await graveyard();
      await queues.pause('mail');
      const job = await queue.enqueue(Mail, 'held');
      await pass(50);
      expect((await jobs.get(job.id))?.state).toBe('waiting');
      await queues.resume('mail');
      await inState('dead', job);
      await expect(queues.pause('mial')).rejects.toThrow('did you mean "mail"');
    });
  });

  describe('schedules', () => {
    const scheduled = async () => {
      const slots: number[] = [];
      const handler = handlerOf(Tick, (_payload, ctx) => void slots.push(+ctx.scheduledFor!), {
        every: '1s',
      });
      const it = await appOf(start, { providers: [handler] });
      await it.until(async () => expect(await it.schedules.list()).toHaveLength(1));
      return { ...it, slots };
    };

    it('enqueue each slot once', async () => {
      const { slots, until, schedules } = await scheduled();
      await until(() => expect(slots.length).toBeGreaterThanOrEqual(2));
      expect(slots.filter((slot) => slot % 1_000 !== 0)).toEqual([]);
      // A worker that had no turn for a second skips what it has missed; none comes twice, or out of turn.
      expect(slots).toEqual([...new Set(slots)].toSorted((a, b) => a - b));
      expect(await schedules.list()).toEqual([
        expect.objectContaining({
          name: 'tick',
          every: 1_000,
          queue: 'default',
          paused: false,
          lastRunAt: expect.any(Date),
        }),
      ]);
    });

    it('can be run now, paused and resumed', async () => {
      const { slots, until, schedules, pass, in: inState } = await scheduled();
      await schedules.pause('tick');
      await pass(10);
      const before = slots.length;
      await inState('completed', await schedules.runNow('tick'));
      expect(slots).toHaveLength(before + 1);
      await pass(1_100);
      expect(slots).toHaveLength(before + 1);
      expect(await schedules.list()).toMatchObject([{ paused: true }]);
      await schedules.resume('tick');
      await until(() => expect(slots.length).toBeGreaterThan(before + 1));
      await expect(schedules.pause('tock')).rejects.toBeInstanceOf(UnknownJobError);
    });
  });
}

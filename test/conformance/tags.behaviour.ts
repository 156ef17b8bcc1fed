import { defineJob, InvalidOptionError } from 'scalr-queue';
import { appOf, handlerOf, type StartDriver } from './driver.js';

interface Charge {
  readonly tenant: string;
  readonly large?: boolean;
}

const tagsOf = ({ tenant, large }: Charge) => {
  if (tenant === 'broken') throw new TypeError('no such tenant');
  return [`tenant:${tenant}`, ...(large ? ['large'] : [])];
};
const Charge = defineJob<Charge>('card.charge', { queue: 'cards', retry: false, tags: tagsOf });
const Sync = defineJob<Charge>('tenant.sync', {
  queue: 'cards',
  retry: false,
  unique: { key: 'one', onConflict: 'rerun' },
  tags: tagsOf,
});
const Plain = defineJob<Charge>('plain', { queue: 'cards', tags: () => [] });
const Nightly = defineJob('nightly', { tags: () => ['report'] });

/** Labels that a definition makes of payloads, and what is found by them. */
export function tagBehaviours(start: StartDriver) {
  describe('tags', () => {
    it('are made at the enqueue, shown with the job, and choose what is listed and cancelled', async () => {
      const it = await appOf(start, { providers: [handlerOf(Nightly, () => undefined)] });
      const large = await it.queue.enqueue(Charge, { tenant: 'acme', large: true });
      await it.queue.enqueueMany(Charge, [
        { tenant: 'acme' },
        { payload: { tenant: 'initech' }, options: { delay: '1h' } },
      ]);
      const plain = await it.queue.enqueue(Plain, { tenant: 'acme' });
      expect(await it.jobs.get(large)).toMatchObject({ state: 'waiting', tags: ['tenant:acme', 'large'] });
      expect(await it.jobs.details(large)).toMatchObject({ tags: ['tenant:acme', 'large'] });
      expect(await it.jobs.get(plain)).not.toHaveProperty('tags');
      const listed = async (tag: string, limit = 50) =>
        (await it.jobs.list({ tag, limit })).jobs.map(({ tags }) => tags!.join(' ')).toSorted();
      expect(await listed('tenant:acme')).toEqual(['tenant:acme', 'tenant:acme large']);
      expect(await listed('tenant:acme', 1)).toHaveLength(1);
      expect(await listed('tenant:initech')).toEqual(['tenant:initech']);
      expect(await listed('tenant:acm')).toEqual([]);
      const { parts, ...sample } = await it.queues.sample('cards', { by: 'tag' });
      expect(sample).toMatchObject({ total: 3, lookedAt: 3, exact: true, damaged: 0 });
      expect(parts[0]).toMatchObject({ value: 'tenant:acme', jobs: 2, estimate: 2 });
      expect(parts.map(({ value }) => value)).toContain('large');
      const tenants = await it.queues.sample('cards', { by: { payload: 'tenant' } });
      expect(tenants.parts).toMatchObject([{ value: 'acme', jobs: 3, share: 1 }]);
      expect(await it.jobs.cancelMany({ tag: 'tenant:acme' }, { dryRun: true })).toMatchObject({
        matched: 2,
      });
      expect(await it.jobs.cancelMany({ tag: 'large', queue: 'cards' })).toMatchObject({ cancelled: 1 });
      expect(await it.dead.list({ tag: 'large' })).toMatchObject({
        jobs: [{ id: large.id, reason: 'cancelled', tags: ['tenant:acme', 'large'] }],
      });
      for (const wrong of [
        it.jobs.list({ tag: 'a b' }),
        it.jobs.cancelMany({ tag: '' }),
        it.dead.count({ tag: '' }),
      ])
        await expect(wrong).rejects.toThrow(InvalidOptionError);
    });

    it('choose dead jobs to count, group and retry', async () => {
      const healthy = { now: false };
      const charge = handlerOf(Charge, () => {
        if (!healthy.now) throw new Error('no money');
      });
      const it = await appOf(start, { providers: [charge] });
      const jobs = await it.queue.enqueueMany(Charge, [{ tenant: 'acme' }, { tenant: 'initech' }]);
      for (const job of jobs) await it.in('dead', job);
      expect(await it.dead.count({ tag: 'tenant:acme' })).toBe(1);
      expect((await it.dead.groups({ tag: 'tenant:acme' })).jobs).toBe(1);
      healthy.now = true;
      expect(await it.dead.retry({ tag: 'tenant:initech' })).toMatchObject({ matched: 1, retried: 1 });
      expect(await it.in('completed', jobs[1]!)).toMatchObject({ tags: ['tenant:initech'] });
      expect(await it.jobs.get(jobs[0]!)).toMatchObject({ state: 'dead' });
    });

    it('of a job that takes over a payload are those of the payload', async () => {
      const it = await appOf(start, { providers: [handlerOf(Nightly, () => undefined)] });
      const first = await it.queue.enqueue(Sync, { tenant: 'acme' });
      expect(await it.queue.enqueue(Sync, { tenant: 'initech' })).toMatchObject({ status: 'replaced' });
      expect(await it.jobs.get(first)).toMatchObject({ tags: ['tenant:initech'] });
    });

    it('of a schedule are those of its job', async () => {
      const it = await appOf(start, {
        providers: [handlerOf(Nightly, () => undefined, { cron: '0 3 1 1 *' })],
      });
      const [slot] = await it.until(async () => {
        const { jobs } = await it.jobs.list({ tag: 'report' });
        expect(jobs).toHaveLength(1);
        return jobs;
      });
      expect(slot).toMatchObject({ name: 'nightly', state: 'delayed', tags: ['report'] });
    });

    it('that cannot be made keep the job, and all of enqueueMany, from being enqueued', async () => {
      const it = await appOf(start, { providers: [handlerOf(Nightly, () => undefined)] });
      const broken = { tenant: 'broken' };
      await expect(it.queue.enqueue(Charge, broken)).rejects.toThrow(
        'the function tags of card.charge threw',
      );
      const many = it.queue.enqueueMany(Charge, [{ tenant: 'acme' }, broken]);
      await expect(many).rejects.toThrow(/^item 1 of enqueueMany: the function tags of card\.charge threw/);
      await expect(it.queue.enqueue(Charge, { tenant: 'two words' })).rejects.toThrow(
        'expected tags of card.charge to be labels of 1 to 64 characters',
      );
      expect((await it.jobs.list({ name: 'card.charge' })).jobs).toEqual([]);
    });
  });
}

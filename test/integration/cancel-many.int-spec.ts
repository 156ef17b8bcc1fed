import { defineJob, InvalidOptionError, JobEvents, JobsService } from 'scalr-queue';
import { Queue } from 'bullmq';
import { startProducer, uniqueApp } from '../support/apps.js';
import { commandsOf } from '../support/command-line.js';
import { sharedRedisUrl } from '../support/redis.js';

interface Charge {
  readonly customer: { readonly tenant: string; readonly level?: number };
}
const Charge = defineJob<Charge>('card.charge', { queue: 'cards' });
const Refund = defineJob<Charge>('card.refund', { queue: 'cards' });
const Mail = defineJob<Charge>('mail.send', { queue: 'mail' });

const of = (tenant: string, level?: number): Charge => ({
  customer: { tenant, ...(level === undefined ? {} : { level }) },
});

/** How many jobs of each state and name there are. */
async function counts(jobs: JobsService) {
  const found: Record<string, number> = {};
  let cursor: string | undefined;
  do {
    const page = await jobs.list({}, { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { state, reason, name } of page.jobs) {
      const key = `${reason ?? state} ${name}`;
      found[key] = (found[key] ?? 0) + 1;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

describe('cancelling many jobs', () => {
  it('ends those of one tenant in a long queue, and no other', async () => {
    const { queue, jobs, get } = await startProducer({ app: uniqueApp() });
    const cancelled: string[] = [];
    get(JobEvents).on('cancelled', ({ name }) => void cancelled.push(name));
    await queue.enqueueMany(
      Charge,
      Array.from({ length: 3_000 }, (_, n) => ({
        payload: of(n % 3 === 0 ? 'quiet' : 'flood'),
        options: n % 10 === 0 ? { priority: 1 + (n % 5) } : n % 10 === 1 ? { delay: '1h' } : {},
      })),
    );
    await queue.enqueue(Refund, of('flood'));
    await queue.enqueue(Mail, of('flood'));
    const filter = { definition: Charge, payload: { 'customer.tenant': 'flood' } };
    expect(await jobs.cancelMany(filter, { dryRun: true })).toEqual({
      matched: 2_000,
      cancelled: 0,
      cancelling: 0,
    });
    expect(await jobs.cancelMany(filter, { limit: 150 })).toEqual({
      matched: 150,
      cancelled: 150,
      cancelling: 0,
      more: true,
    });
    const progress: number[] = [];
    expect(
      await jobs.cancelMany(filter, { onProgress: ({ cancelled: done }) => void progress.push(done) }),
    ).toEqual({ matched: 1_850, cancelled: 1_850, cancelling: 0 });
    expect(progress.length).toBeGreaterThan(18);
    expect(await counts(jobs)).toEqual({
      'cancelled card.charge': 2_000,
      'waiting card.charge': 900,
      'delayed card.charge': 100,
      'waiting card.refund': 1,
      'waiting mail.send': 1,
    });
    expect([cancelled.length, new Set(cancelled)]).toEqual([2_000, new Set(['card.charge'])]);
  });

  it('goes by queue, state, time and value, and leaves what runs alone', async () => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    await queue.enqueue(Charge, of('a', 3), { id: 'number' });
    await queue.enqueue(Charge, of('3'), { id: 'text' });
    await queue.enqueue(Charge, of('a', 3), { id: 'later', delay: '1h' });
    await queue.enqueue(Mail, of('a', 3), { id: 'mail' });
    const foreign = new Queue('cards', { prefix: `scalr:{${app}}`, connection: { url: sharedRedisUrl() } });
    await foreign.add('card.charge', of('b', 9));
    await foreign.add('other', of('b', 9));
    await foreign.close();
    const matched = async (filter: Parameters<JobsService['cancelMany']>[0]) =>
      (await jobs.cancelMany(filter, { dryRun: true })).matched;
    expect(await matched({ payload: { 'customer.level': 3 } })).toBe(3);
    expect(await matched({ payload: { 'customer.level': '3' } })).toBe(0);
    expect(await matched({ payload: { 'customer.level': 3, 'customer.tenant': 'a' }, queue: 'mail' })).toBe(
      1,
    );
    expect(await matched({ definition: 'card.charge' })).toBe(4);
    expect(await matched({ queue: 'cards' })).toBe(5);
    expect(await matched({ queue: 'cards', state: 'delayed' })).toBe(1);
    expect(await matched({ queue: 'cards', enqueuedBefore: new Date(0) })).toBe(0);
    expect(await matched({ queue: 'cards', enqueuedBefore: new Date(Date.now() + 60_000) })).toBe(5);
    expect(await matched({ payload: { 'customer.toString': 'x' } })).toBe(0);
    expect(await jobs.cancelMany({ queue: 'cards' })).toEqual({ matched: 5, cancelled: 5, cancelling: 0 });
    expect(await jobs.cancelMany({ queue: 'cards' })).toEqual({ matched: 0, cancelled: 0, cancelling: 0 });
    expect(await jobs.get('mail')).toMatchObject({ state: 'waiting' });
    expect(await jobs.cancelMany({ queue: 'mail' }, { signal: AbortSignal.abort() })).toMatchObject({
      matched: 0,
      more: true,
    });
  });

  it.each([
    [{}, {}, 'the filter of jobs must name a definition, a queue, a payload or a tag'],
    [{ state: 'delayed' }, {}, 'the filter of jobs must name a definition, a queue, a payload or a tag'],
    [{ definition: Charge, tenant: 'a' }, {}, 'unknown option "tenant"'],
    [{ definition: Charge, state: 'running' }, {}, 'expected filter.state to be one of "waiting", "delayed"'],
    [{ queue: 'cadrs' }, {}, 'unknown queue "cadrs", did you mean "cards"?'],
    [{ payload: {} }, {}, 'expected filter.payload to have 1 to 10 paths, got: 0'],
    [
      { payload: { a: { b: 1 } } },
      {},
      'expected filter.payload["a"] to be a string, number, boolean or null',
    ],
    [{ queue: 'cards', enqueuedBefore: 'now' }, {}, 'expected filter.enqueuedBefore to be a valid Date'],
    [{ queue: 'cards' }, { limit: 0 }, 'expected limit to be an integer'],
    [{ queue: 'cards' }, { dryrun: true }, 'did you mean "dryRun"?'],
  ])('refuses %j with %j and does nothing', async (filter, options, message) => {
    const { queue, jobs } = await startProducer({ app: uniqueApp() });
    await queue.enqueue(Charge, of('a'), { id: 'stays' });
    const refused = jobs.cancelMany(filter as never, options as never);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(InvalidOptionError);
    expect(await jobs.get('stays')).toMatchObject({ state: 'waiting' });
  });

  it('is a command that counts before it asks', async () => {
    const app = uniqueApp();
    const { queue } = await startProducer({ app });
    await queue.enqueueMany(Charge, [of('flood'), of('flood', 3), of('quiet')]);
    const { cli, json } = commandsOf(app);
    const where = '--name card.charge --payload customer.tenant=flood';
    expect(await cli(`cancel ${where} --dry-run`)).toEqual({
      code: 0,
      out: '2 would be cancelled\n',
      err: '',
    });
    expect(await cli(`cancel ${where}`)).toMatchObject({
      code: 2,
      err: 'error: cancel 2 waiting jobs? Pass --yes: there is no terminal to ask on.\n',
    });
    expect(await json(`cancel ${where} --payload customer.level=3 --yes`)).toEqual({
      matched: 1,
      cancelled: 1,
      cancelling: 0,
      dryRun: false,
    });
    expect(await cli(`cancel ${where} --yes`)).toEqual({ code: 0, out: '1 cancelled\n', err: '' });
    expect(await cli('cancel --state waiting --yes')).toMatchObject({
      code: 2,
      err: 'error: name the jobs to cancel: an id, --name, --queue, --payload or --tag\n',
    });
    expect(await cli('cancel some-id --payload a=1 --yes')).toMatchObject({ code: 2 });
    expect(await cli('cancel --payload nonsense --yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining("Expected a path and a value like 'tenant=acme'.") as string,
    });
  });
});

import { Redis } from 'ioredis';
import {
  DeadLetterService,
  defineJob,
  type JobContext,
  type ScheduleOptions,
  SchedulesService,
} from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';
import { SECOND } from '../support/schedules.js';

type Payload = { by: string };
const HOUR = 3_600_000;
const Beat = defineJob<Payload>('beat', { retry: false });
const Brief = defineJob<Payload>('brief', { retry: false, expiresIn: 500 });

const endings: (() => Promise<void>)[] = [];
const atEnd = (end: () => Promise<void>) => void endings.push(end);
let redis: Redis;
beforeAll(() => void (redis = new Redis(sharedRedisUrl())));
afterAll(async () => {
  await Promise.all(endings.map((end) => end()));
  redis.disconnect();
});

/** An app whose workers write down their runs, and the hash that holds its schedules. */
async function startApp(definition: typeof Beat = Beat) {
  const app = uniqueApp();
  const { jobs, get } = await startProducer({ app }, { atEnd });
  const schedules = get(SchedulesService);
  const runs: string[] = [];
  const note = ({ by }: Payload, { scheduledFor }: JobContext) => void runs.push(`${by} ${+scheduledFor!}`);
  const names = async () => (await schedules.list()).map(({ name }) => name);
  /** The job of the next slot, once it waits for its time, which leaves time enough to do something before. */
  const pendingOf = (name: string) =>
    eventually(async () => {
      const next = (await schedules.list()).find((it) => it.name === name)!.nextRunAt;
      const id = `slot-${+next}-${name}`;
      expect(+next - Date.now()).toBeGreaterThan(1.5 * SECOND);
      expect(await jobs.get(id)).toMatchObject({ state: 'delayed' });
      return { id, slot: +next };
    });
  return {
    jobs,
    schedules,
    runs,
    names,
    pendingOf,
    dead: get(DeadLetterService),
    key: `scalr:{${app}}:~schedules`,
    queueKey: `scalr:{${app}}:default`,
    start: (...given: Partial<ScheduleOptions>[]) => {
      const declared = given.map((it) => ({ ...it, payload: { by: it.name } }) as ScheduleOptions);
      return startWorker({ app, providers: [handlerOf(definition, note, ...declared)] }, {}, atEnd);
    },
  };
}

/** Waits for long in each test; they do so at the same time. */
describe.concurrent('a schedule', () => {
  it('is taken over by the deploy that boots last, though its clock is behind', async () => {
    const { start, names, key } = await startApp();
    const old = await start({ name: 'old', every: '1d' });
    await eventually(async () => expect(await names()).toEqual(['old']));
    await old.close();
    // As a host declares it whose clock is an hour ahead.
    const ahead = Date.now() + HOUR;
    const fields = Object.entries(await redis.hgetall(key)).filter(([field]) => field.startsWith('~boot'));
    for (const [field, value] of fields) await redis.hset(key, field, value.replace(/^\d+/, String(ahead)));
    await start({ name: 'new', every: '1d' });
    await eventually(async () => expect(await names()).toEqual(['new']));
    expect(Number(await redis.hget(key, '~boot'))).toBe(ahead + 1);
    await start({ name: 'newest', every: '1d' });
    await eventually(async () => expect(await names()).toEqual(['newest']));
    expect(Number(await redis.hget(key, '~boot'))).toBe(ahead + 2);
  });

  it('has its waiting slot back soon after that was removed by hand, or put there by older code', async () => {
    const { start, pendingOf, jobs, queueKey } = await startApp();
    await start({ name: 'daily', every: '1d' }, { name: 'weekly', every: '7d' });
    const { id } = await pendingOf('daily');
    const weekly = `${queueKey}:beat~${(await pendingOf('weekly')).id}`;
    const opts = (await redis.hget(weekly, 'opts'))!;
    const older = opts.replace(/"revision":"[^"]+"/, '"revision":"of-old-code"');
    expect(older).not.toBe(opts);
    await redis.hset(weekly, 'opts', older, 'data', '{"by":"old code"}');
    const stored = `beat~${id}`;
    expect(await redis.zrem(`${queueKey}:delayed`, stored)).toBe(1);
    await redis.del(`${queueKey}:${stored}`);
    expect(await jobs.get(id)).toBeUndefined();
    await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'delayed' }), {
      timeout: 25_000,
      interval: 100,
    });
    await eventually(async () => expect(await redis.hget(weekly, 'data')).toBe('{"by":"weekly"}'));
  });

  it('runs a slot that expired once it is retried by hand, long after its time', async () => {
    const { start, pendingOf, jobs, dead, runs, schedules } = await startApp(Brief);
    const beat = { name: 'often', every: '4s' } as const;
    const first = await start(beat);
    const { id, slot } = await pendingOf('often');
    await first.close();
    const before = runs.length;
    await eventually(() => Date.now() > slot + SECOND);
    await start(beat);
    await eventually(async () =>
      expect(await jobs.get(id)).toMatchObject({ state: 'dead', reason: 'expired' }),
    );
    // Too late for the schedule as well, by now.
    await eventually(() => Date.now() > slot + 3 * SECOND);
    expect(runs.slice(before).filter((run) => run.endsWith(String(slot)))).toEqual([]);
    expect(await dead.retry(id)).toMatchObject({ retried: 1 });
    await eventually(() => expect(runs).toContain(`often ${slot}`));
    const ended = await eventually(async () => {
      const job = await jobs.get(id);
      return job?.state === 'completed' && job;
    });
    expect(ended).not.toHaveProperty('outcome');
    expect(+(await schedules.list())[0]!.lastSuccessAt!).toBeGreaterThan(slot);
  });

  it('goes by the job alone while it cannot be read: in time it runs, late only with missed: once', async () => {
    const { start, pendingOf, jobs, runs, key } = await startApp();
    const both = (['skip', 'once'] as const).map(
      (missed) => ({ name: missed, every: '3s', missed }) as const,
    );
    const pending = () => Promise.all(both.map(({ name }) => pendingOf(name)));
    const spoil = async () => {
      await redis.rename(key, `${key}-kept`);
      await redis.set(key, 'no hash');
    };
    const mend = () => redis.rename(`${key}-kept`, key);

    const first = await start(...both);
    const [soon] = await pending();
    await spoil();
    await eventually(() =>
      expect(runs).toEqual(expect.arrayContaining([`skip ${soon!.slot}`, `once ${soon!.slot}`])),
    );
    await mend();
    const [skipped, once] = await pending();
    await first.close();
    await spoil();
    await eventually(() => Date.now() > skipped!.slot + 2 * SECOND);
    const before = runs.length;
    await start(...both);
    await eventually(async () =>
      expect(await jobs.get(skipped!.id)).toMatchObject({ state: 'completed', outcome: 'missed' }),
    );
    await eventually(() => expect(runs.slice(before)).toEqual([`once ${once!.slot}`]));
    await mend();
  });
});

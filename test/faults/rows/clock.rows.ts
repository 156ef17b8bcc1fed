import { eventually } from '../../support/eventually.js';
import { enqueued, finished, inState } from '../harness/expectations.js';
import { otherClock, settableClock } from '../harness/other-clock.js';
import type { ProducerProcess } from '../harness/producer.process.js';
import type { FaultRow } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';

const DELAY = 5_000;
const ZONE = 'America/New_York';

/** One change of the clock: what time the process believes it is, and the slot that must come, or the one that comes instead. */
interface Change {
  readonly what: string;
  readonly cron: string;
  readonly from: string;
  readonly slot?: string;
  readonly next?: string;
}

const CHANGES: readonly Change[] = [
  {
    what: 'spring, 30 2: put off to 03:30',
    cron: '30 2 * * *',
    from: '2026-03-08T07:29:30Z',
    slot: '2026-03-08T07:30:00Z',
  },
  {
    what: 'autumn, 30 1: the first 01:30',
    cron: '30 1 * * *',
    from: '2026-11-01T05:29:30Z',
    slot: '2026-11-01T05:30:00Z',
  },
  {
    what: 'autumn, 30 1: not the second 01:30',
    cron: '30 1 * * *',
    from: '2026-11-01T06:29:30Z',
    next: '2026-11-02T06:30:00Z',
  },
];

/** Clocks are wrong, or change. */
export const clockRows: FaultRow[] = [
  {
    id: 60,
    name: 'clocks of workers 600 s ahead and 20 s behind, and one that jumps while it runs',
    requirement:
      'told at boot, and within a minute of a jump; a delay is off by no more than the clock; none lost',
    quick: false,
    patience: 180,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const clock = await settableClock(stage, '+0s');
      const jumping = await stage.worker(redis.url, { env: clock.env, app: `${stage.app}-jump` });
      await jumping.ready();
      expect(jumping.process.output).not.toMatch(/The clock of this process/);
      await clock.set('+90s');
      const jumpedAt = Date.now();
      const jump = jumping.process
        .waitForOutput(/The clock of this process is 90 s ahead/, 100_000)
        .then(() => Date.now() - jumpedAt);

      const ahead = await delayOn(stage, redis.url, producer, '+600s', /600 s ahead/);
      const behind = await delayOn(stage, redis.url, producer, '-20s', /20 s behind/);
      expect(ahead.late).toBeGreaterThanOrEqual(-DELAY);
      expect(behind.late).toBeLessThanOrEqual(20_000 + 5_000);
      const toldMs = await jump;
      expect(toldMs).toBeLessThanOrEqual(75_000);
      const note = `a delay of ${DELAY} ms ran ${-ahead.late} ms early, ${behind.late} ms late; the jump told after ${toldMs} ms`;
      return { acknowledged: 2, lost: 0, twice: 0, note };
    },
  },
  {
    id: 61,
    name: `change to and from daylight saving time (${ZONE})`,
    requirement: 'the slots of docs/schedules.md, each once, on processes that live through the change',
    quick: false,
    patience: 150,
    async run(stage) {
      await Promise.all(CHANGES.map((change, index) => liveThrough(stage, change, `${stage.app}-${index}`)));
      return { twice: 0, note: CHANGES.map(({ what }) => what).join('; ') };
    },
  },
];

/** How late a delayed job runs on a worker with that clock, which must say that it is wrong. */
async function delayOn(stage: Stage, url: string, producer: ProducerProcess, offset: string, told: RegExp) {
  const env = await otherClock({ FAKETIME: offset });
  const worker = await stage.worker(url, { env });
  await worker.ready();
  await worker.process.waitForOutput(told);
  const begin = Date.now();
  const id = await enqueued(producer, {}, { delay: DELAY });
  await finished(stage, id, 60_000);
  const late = Date.now() - begin - DELAY;
  await inState(producer, id, 'completed');
  await worker.process.kill();
  expect(stage.ledger.of('start', id)).toHaveLength(1);
  return { late };
}

async function liveThrough(stage: Stage, { what, cron, from, slot, next }: Change, app: string) {
  const redis = await stage.redis();
  // libfaketime reads the zone of the process.
  const local = from.replace('T', ' ').replace('Z', '');
  const env = { ...(await otherClock({ FAKETIME: `@${local}` })), TZ: 'UTC' };
  const schedules = [{ name: 'change', cron, tz: ZONE, payload: {} }];
  const worker = await stage.worker(redis.url, { app, env, schedules });
  await worker.ready();
  const starts = () => stage.ledger.of('start').filter(({ pid }) => pid === worker.process.pid);
  if (slot) {
    await eventually(
      () =>
        expect(
          starts().map((start) => start.slot),
          `slots in ${what}`,
        ).toEqual([Date.parse(slot)]),
      {
        timeout: 60_000,
      },
    );
    return;
  }
  const producer = await stage.producer(redis.url, { app, env });
  const [schedule] = await producer.schedules();
  expect(schedule!.nextRunAt, `slots in ${what}`).toBe(next!.replace('Z', '.000Z'));
  // Past the time that the clock shows for the second time.
  const bootedAt = Date.now();
  await eventually(() => Date.now() > bootedAt + 40_000, { timeout: 45_000, interval: 500 });
  expect(starts(), `slots in ${what}`).toEqual([]);
}

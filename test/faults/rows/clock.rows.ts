import { eventually } from '../../support/eventually.js';
import { enqueued, finished, inState } from '../harness/expectations.js';
import { otherClock, settableClock } from '../harness/other-clock.js';
import type { ProducerProcess } from '../harness/producer.process.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';

/** How far clocks are off, and what a delay may be off beside that: the worker looks for due jobs in turns. */
const OFF = 20_000;
const DELAY = 25_000;
const TURN = 5_000;
/** How long each change is watched, past the time of its slot. */
const WATCHED = 45_000;
const SECOND = 1_000;
const ZONE = 'America/New_York';

/** One change of the clock: what time the process believes it is, and the slot that must come, or the one that comes instead. */
interface Change {
  readonly what: string;
  readonly cron: string;
  readonly from: string;
  readonly slot?: string;
  /** The slot after that. */
  readonly next: string;
}

const CHANGES: readonly Change[] = [
  {
    what: 'spring, 30 2: put off to 03:30',
    cron: '30 2 * * *',
    from: '2026-03-08T07:29:30Z',
    slot: '2026-03-08T07:30:00Z',
    next: '2026-03-09T06:30:00Z',
  },
  {
    what: 'autumn, 30 1: the first 01:30',
    cron: '30 1 * * *',
    from: '2026-11-01T05:29:30Z',
    slot: '2026-11-01T05:30:00Z',
    next: '2026-11-02T06:30:00Z',
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
    needs: ['libfaketime'],
    name: 'clocks of workers 20 s ahead and 20 s behind, and one that jumps by 90 s while it runs',
    requirement:
      'told at boot, and within a minute of a jump; a delay of 25 s is off by as much as the clock, 5 s more at most; none lost',
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

      const ahead = await delayOn(stage, redis.url, producer, '+20s', /20 s ahead/);
      const behind = await delayOn(stage, redis.url, producer, '-20s', /20 s behind/);
      for (const [late, off] of [
        [ahead.late, -OFF],
        [behind.late, OFF],
      ] as const) {
        expect(late).toBeGreaterThanOrEqual(off - SECOND);
        expect(late).toBeLessThanOrEqual(off + TURN * SLACK);
      }
      const toldMs = await jump;
      expect(toldMs).toBeLessThanOrEqual(60_000 * SLACK);
      const note = `a delay of ${DELAY} ms ran ${-ahead.late} ms early, ${behind.late} ms late; the jump told after ${toldMs} ms`;
      return { note };
    },
  },
  {
    id: 61,
    needs: ['libfaketime'],
    name: `change to and from daylight saving time (${ZONE})`,
    requirement:
      'the slots of docs/schedules.md, each once, and the next one after it, on processes that live through the change',
    quick: false,
    patience: 150,
    async run(stage) {
      await Promise.all(CHANGES.map((change, index) => liveThrough(stage, change, `${stage.app}-${index}`)));
      return { note: CHANGES.map(({ what }) => what).join('; ') };
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
  // By the clock of this process: the ledger has that of the worker.
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
  const producer = await stage.producer(redis.url, { app, env });
  const [schedule] = await producer.schedules();
  expect(schedule!.nextRunAt, `the first slot in ${what}`).toBe((slot ?? next).replace('Z', '.000Z'));
  // Past the slot, or past the time that the clock shows for the second time.
  const bootedAt = Date.now();
  await eventually(() => Date.now() > bootedAt + WATCHED, { timeout: WATCHED + 5_000, interval: 500 });
  expect(
    starts().map((start) => start.slot),
    `slots in ${what}`,
  ).toEqual(slot ? [Date.parse(slot)] : []);
  const [later] = await producer.schedules();
  expect(later!.nextRunAt, `the slot after ${what}`).toBe(next.replace('Z', '.000Z'));
}

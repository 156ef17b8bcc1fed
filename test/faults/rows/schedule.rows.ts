import { eventually } from '../../support/eventually.js';
import type { Execution } from '../harness/ledger.js';
import { pause } from '../harness/pause.js';
import type { FaultRow } from '../harness/row.js';
import type { Stage } from '../harness/stage.js';

const SECOND = 1_000;
const REPLICAS = 20;
/** Slots that a worker may miss itself while it starts to declare its schedules. */
const BOOTING = 5;

/** Starts that schedules caused, by schedule; the id of a slot's job ends with the name of its schedule. */
const startsOf = ({ ledger }: Stage, name: string) =>
  ledger.of('start').filter(({ id, slot }) => slot !== undefined && id.endsWith(`-${name}`));

/** Slots that ran more often than once. */
function twiceIn(starts: readonly Execution[]): number {
  return starts.length - new Set(starts.map(({ slot }) => slot)).size;
}

/** Schedules, deployed and missed. */
export const scheduleRows: FaultRow[] = [
  {
    id: 58,
    name: `${REPLICAS} processes boot at once and declare the same schedule`,
    requirement: 'one schedule, no slot runs twice, none is left out',
    quick: false,
    alone: true,
    patience: 240,
    async run(stage) {
      const redis = await stage.redis();
      const schedules = [{ name: 'tick', every: '1s', missed: 'once', payload: {} }];
      const replicas = await Promise.all(
        Array.from({ length: REPLICAS }, () => stage.worker(redis.url, { schedules })),
      );
      await Promise.all(replicas.map((replica) => replica.ready(120_000)));
      const readyAt = Date.now();
      const producer = await stage.producer(redis.url);
      await eventually(
        () =>
          expect(startsOf(stage, 'tick').filter(({ slot }) => slot! > readyAt).length).toBeGreaterThanOrEqual(
            10,
          ),
        { timeout: 60_000 },
      );
      const starts = startsOf(stage, 'tick');
      expect((await producer.schedules()).map(({ name }) => name)).toEqual(['tick']);
      expect(Number(await redis.cli('zcard', `scalr:{${stage.app}}:default:delayed`))).toBeLessThanOrEqual(2);
      const slots = starts.map(({ slot }) => slot!).filter((slot) => slot > readyAt);
      const span = (Math.max(...slots) - Math.min(...slots)) / SECOND + 1;
      expect(twiceIn(starts)).toBe(0);
      expect(new Set(slots).size).toBe(span);
      return { note: `${starts.length} slots, each once` };
    },
  },
  {
    id: 59,
    name: 'schedules changed and removed in code, deployed while the old version still runs',
    requirement: 'what the newer version declares holds from its boot; no slot twice at the change',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const schedule = (name: string, every: string) => ({ name, every, payload: {} });
      const older = { schedules: [schedule('kept', '1s'), schedule('gone', '1s')] };
      const newer = { schedules: [schedule('kept', '3s')] };
      const old = await stage.worker(redis.url, older).then((worker) => worker.ready());
      await eventually(() => expect(startsOf(stage, 'gone').length).toBeGreaterThanOrEqual(2));
      const producer = await stage.producer(redis.url);
      await stage.worker(redis.url, newer).then((worker) => worker.ready());
      await eventually(async () =>
        expect((await producer.schedules()).map(({ name }) => name)).toEqual(['kept']),
      );
      const changedAt = Date.now();
      // The old version, still there, must not bring back what it declared.
      await pause(5_000);
      await old.process.stop();
      await eventually(
        () =>
          expect(
            startsOf(stage, 'kept').filter(({ slot }) => slot! > changedAt + SECOND).length,
          ).toBeGreaterThanOrEqual(3),
        { timeout: 20_000 },
      );
      const later = startsOf(stage, 'kept').filter(({ slot }) => slot! > changedAt + SECOND);
      expect(later.every(({ slot }) => slot! % (3 * SECOND) === 0)).toBe(true);
      expect(startsOf(stage, 'gone').filter(({ slot }) => slot! > changedAt + SECOND)).toEqual([]);
      const twice = twiceIn(startsOf(stage, 'kept')) + twiceIn(startsOf(stage, 'gone'));
      expect(twice).toBe(0);
      return { note: `${stage.ledger.of('start').length} slots` };
    },
  },
  missedSlots(),
];

function missedSlots(): FaultRow {
  return {
    id: 62,
    name: 'the only worker down over ten slots of a schedule',
    requirement: 'missed: once runs one of them late, missed: skip none; the log counts them; then on time',
    quick: true,
    patience: 100,
    async run(stage) {
      const redis = await stage.redis();
      const schedules = ['once', 'skip'].map((missed) => ({
        name: missed,
        every: '1s',
        missed,
        payload: {},
      }));
      const first = await stage.worker(redis.url, { schedules }).then((worker) => worker.ready());
      const both = (least: number, from = 0) => {
        for (const name of ['once', 'skip']) {
          const starts = startsOf(stage, name).filter(({ slot }) => slot! >= from);
          expect(starts.length).toBeGreaterThanOrEqual(least);
        }
      };
      await eventually(() => both(2));
      // Both have their next slot enqueued, and that is the one which runs late. Else it would be the latest, in time.
      const delayed = `scalr:{${stage.app}}:default:delayed`;
      await eventually(async () => expect(await redis.cli('zcard', delayed)).toBe('2'));
      const stoppedAt = Date.now();
      await first.process.stop();
      await pause(10 * SECOND);
      const second = await stage.worker(redis.url, { schedules });
      const bootedAt = Date.now();
      await second.ready();
      await eventually(() => both(3, bootedAt + SECOND));
      const late = (name: string) => startsOf(stage, name).filter(({ at, slot }) => at - slot! > SECOND);
      expect(late('once')).toHaveLength(1);
      expect(late('skip')).toHaveLength(0);
      const told = async (name: string) => {
        const line = new RegExp(`"${name}": (\\d+) slots? passed with no worker`);
        return Number((await second.process.waitForOutput(line))[1]);
      };
      const passed = { once: await told('once'), skip: await told('skip') };
      const away = Math.ceil((bootedAt - stoppedAt) / SECOND);
      for (const count of Object.values(passed)) {
        expect(count).toBeGreaterThanOrEqual(8);
        expect(count).toBeLessThanOrEqual(away + BOOTING);
      }
      const twice = twiceIn(startsOf(stage, 'once')) + twiceIn(startsOf(stage, 'skip'));
      expect(twice).toBe(0);
      return { note: `the log counts ${passed.once} and ${passed.skip} slots; once: 1 late run, skip: 0` };
    },
  };
}

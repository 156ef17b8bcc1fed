import type { WorkerInfo } from '../../contract/worker-info.js';
import { RateMeter } from './top.rates.js';

const START = 1_000_000;
/** A worker of the queues mail and slow, as it tells of itself so many seconds after its start. */
const worker = (id: string, seconds: number, completed: number, dead = 0): WorkerInfo => ({
  id,
  host: 'h',
  pid: 1,
  libraryVersion: '1.0.0',
  queues: ['mail', 'slow'],
  jobs: [],
  catchAllQueues: [],
  running: 0,
  runningJobs: [],
  counts: [{ queue: 'mail', completed, dead, retried: 0 }],
  draining: false,
  startedAt: new Date(START),
  seenAt: new Date(START + seconds * 1_000),
});

function meterOf(...looks: WorkerInfo[][]) {
  const meter = new RateMeter();
  for (const workers of looks) meter.see(workers);
  const rates = meter.rates(looks.at(-1) ?? []);
  return { meter, mail: rates.get('mail'), slow: rates.get('slow') };
}
const NOTHING = { completed: 0, dead: 0, retried: 0 };

it('tells averages since the start at first', () => {
  const { meter, mail, slow } = meterOf([worker('a', 100, 500, 50)]);
  expect(mail).toEqual({ completed: 5, dead: 0.5, retried: 0 });
  expect(slow).toEqual(NOTHING);
  expect(meter.sinceStart).toBe(true);
});

it('tells what happened between the last two signs of life, however often it looks', () => {
  const first = [worker('a', 100, 500)];
  const second = [worker('a', 105, 600)];
  const { meter, mail } = meterOf(first, first, second, second);
  expect(mail).toEqual({ completed: 20, dead: 0, retried: 0 });
  expect(meter.sinceStart).toBe(false);
  // The second sign came at once, as that of a worker does which begins to drain.
  expect(meterOf(first, second, [worker('a', 105.1, 603)]).mail?.completed).toBeCloseTo(103 / 5.1);
});

it('adds workers up, those that came, without those that went', () => {
  const { mail } = meterOf(
    [worker('a', 100, 500), worker('gone', 100, 9_000)],
    [worker('a', 105, 600), worker('new', 10, 30)],
  );
  expect(mail?.completed).toBeCloseTo(20 + 3);
  expect(meterOf([worker('gone', 5, 1)], []).mail).toBeUndefined();
});

it('tells no rate below zero, and none without end, whatever the clock of a worker does', () => {
  expect(meterOf([worker('a', 0, 5)]).mail).toEqual(NOTHING);
  expect(meterOf([worker('a', 100, 500)], [worker('a', 50, 600)]).mail).toEqual(NOTHING);
  expect(meterOf([worker('a', 100, 500)], [worker('a', 105, 0)]).mail).toEqual(NOTHING);
});

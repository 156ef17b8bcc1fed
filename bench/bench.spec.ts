import { Attempts } from './attempts.mjs';
import { Budget } from './budget.mjs';
import { noResults } from './measure-all.mjs';
import { measures } from './measures.mjs';
import { median } from './median.mjs';
import type { Side } from './sides/side.d.mts';
import { verdicts } from './verdicts.mjs';

const figure = (perSecond: number) => ({ perSecond, cpu: 20, store: 20 });

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a figure that cannot be had', () => {
  it('is told of once, is not tried again, and does not keep others from being measured', async () => {
    const told = vi.spyOn(console, 'error').mockReturnValue();
    const attempts = new Attempts();
    const broken = vi.fn<() => Promise<unknown>>().mockRejectedValue(new Error('no answer\nat a place'));
    for (let round = 0; round < 3; round++)
      expect(await attempts.try('pickup of one', broken)).toBeUndefined();
    expect(await attempts.try('pickup of another', async () => 7)).toBe(7);
    expect(broken).toHaveBeenCalledOnce();
    expect(attempts.failures).toEqual(['pickup of one: no answer']);
    expect(told).toHaveBeenCalledWith(expect.stringContaining('FAILED pickup of one'));
  });

  it('stands in the list of targets as not measured', () => {
    const results = noResults({ ids: ['scalr-queue', 'bullmq'], minutes: 20 });
    const before = verdicts(results);
    expect(before.filter(({ met }) => met !== undefined)).toEqual([]);
    results.figures['enqueue-1'] = { 'scalr-queue': [figure(30)], bullmq: [figure(20)] };
    results.figures['enqueue-100'] = { 'scalr-queue': [figure(30)], bullmq: [figure(20)] };
    results.outbox.relay.push(9_000);
    const after = verdicts(results);
    expect(after.map(({ what }) => what)).toEqual(before.map(({ what }) => what));
    expect(
      after.filter(({ met }) => met !== undefined).map(({ what, got, met }) => [what, got, met]),
    ).toEqual([
      ['enqueue, one at a time', '1.50', true],
      ['enqueue, 100 at once', '1.50', false],
      ['relay of the outbox', '9,000', false],
    ]);
  });
});

describe('Budget', () => {
  const minute = 60_000;

  it('leaves to the phases that follow what one has not used, and nothing to those that are skipped', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const budget = new Budget(20, ['rows', 'outbox', 'shared', 'network', 'boot', 'idle', 'bytes']);
    expect(budget.begin('backlogs')).toBeCloseTo(15 * 60);
    vi.advanceTimersByTime(5 * minute);
    expect(budget.begin('scrape')).toBeCloseTo(15 * 60);
  });

  it('measures a first round whatever it takes, and no other that does not fit', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const run = async (roundTakes: number) => {
      const budget = new Budget(10, []);
      budget.begin('rows');
      const seen: number[] = [];
      await budget.rounds(5, async (round) => {
        seen.push(round);
        vi.advanceTimersByTime(roundTakes);
      });
      return seen;
    };
    expect(await run(30 * minute)).toEqual([0]);
    expect(await run(2 * minute)).toEqual([0, 1]);
    expect(await run(minute / 60)).toEqual([0, 1, 2, 3, 4]);
  });
});

it.each(['process-10', 'enqueue-many', 'complete'] as const)('a part of %s ends', async (row) => {
  let stored = 0;
  const side: Side = {
    enqueue: async () => void stored++,
    enqueueMany: async ({ length }) => void (stored += length),
    work: async (_concurrency, onJob) => {
      for (; stored > 0; stored--) onJob(0);
    },
  };
  const bench = { side, filler: side, scale: row === 'complete' ? 33.3 : 0.03333, storeCpu: async () => 0 };
  await measures[row](bench);
  expect(stored).toBe(row === 'enqueue-many' ? 334 + 667 : 0);
});

it.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[undefined, 1], 1],
  [[], Number.NaN],
])('the median of %j is %d', (figures, expected) => {
  expect(median(figures)).toBe(expected);
});

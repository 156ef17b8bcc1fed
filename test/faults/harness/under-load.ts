import { eventually } from '../../support/eventually.js';
import type { ProducerProcess } from './producer.process.js';
import type { Figures } from './row.js';
import { SLACK } from './row.js';
import type { Stage } from './stage.js';

export interface LoadedFault {
  /** Jobs per second of each producer. */
  rate?: number;
  lanes?: number;
  payload?: object;
  /** Does the fault while jobs are enqueued; resolves with the time at which it was over. */
  fault: () => Promise<number>;
  /** Milliseconds within which the first job is finished after the fault. */
  resume?: number;
  /** Share of the calls that may fail or be in doubt; any unless told otherwise. */
  troubled?: number;
  /** Jobs that may run twice. */
  twice?: number;
  /** Jobs that may be lost, where the fault takes what was acknowledged from Redis itself. */
  lost?: number;
  /** Seconds of load after the fault. */
  after?: number;
  /** Longest call allowed; the deadline of the library unless told otherwise. */
  longest?: number;
  /** Milliseconds within which all is done after the load. */
  drain?: number;
}

/** The promise for every call of `enqueue`, under any fault. */
export const ENQUEUE_PROMISE = 1_100;

/**
 * Enqueues from all producers while a fault happens, then waits until every acknowledged job is done. Expects what holds for
 * every fault: none lost, none too often run twice, no call longer than promised.
 */
export async function underLoad(
  stage: Stage,
  producers: readonly ProducerProcess[],
  {
    rate = 100,
    lanes = 4,
    payload,
    fault,
    resume,
    troubled = 1,
    twice = 0,
    lost = 0,
    after = 1,
    longest = ENQUEUE_PROMISE,
    drain = 20_000,
  }: LoadedFault,
): Promise<Figures> {
  const { ledger, figures } = stage;
  Object.assign(stage.may, { lost, twice });
  await Promise.all(producers.map((producer) => producer.load({ rate, lanes, payload })));
  await eventually(() => expect(ledger.of('finish').length).toBeGreaterThan(10));
  const healedAt = await fault();
  const resumedAt = await eventually(() => ledger.firstFinishAfter(healedAt), { timeout: 60_000 });
  await eventually(() => Date.now() > healedAt + after * 1_000, { timeout: after * 1_000 + 5_000 });
  const totals = await Promise.all(producers.map((producer) => producer.stopLoad()));
  Object.assign(figures, {
    acknowledged: ledger.acknowledged().size,
    longestMs: Math.max(...totals.map((total) => total.longest)),
    resumeMs: resumedAt - healedAt,
  });
  await eventually(() => ledger.unfinished().length === 0, { timeout: drain, interval: 100 }).catch(
    () => undefined,
  );
  figures.lost = ledger.unfinished().length;
  figures.twice = ledger.twice().length;
  const fate = await fateOf(ledger.unfinished(), producers[0]!);
  if (figures.lost > lost)
    stage.failDelivery(`${figures.lost} acknowledged jobs never ran, ${lost} allowed: ${fate}`);
  if (figures.twice > twice) stage.failDelivery(`${figures.twice} jobs ran twice, ${twice} allowed`);
  const trouble = totals.reduce((sum, { unknown, refused }) => sum + unknown + refused, 0);
  const share = trouble / (trouble + figures.acknowledged!);
  expect(share, 'share of calls that failed or were in doubt').toBeLessThanOrEqual(troubled);
  expect(figures.longestMs, 'longest enqueue').toBeLessThanOrEqual(longest * SLACK);
  if (resume !== undefined) expect(figures.resumeMs, 'time to resume').toBeLessThanOrEqual(resume * SLACK);
  return figures;
}

/** For the message of a failure: what Redis says of the jobs that never ran. */
async function fateOf(ids: readonly string[], producer: ProducerProcess): Promise<string> {
  const states = await Promise.all(
    ids.slice(0, 5).map(async (id) => `${id} is ${JSON.stringify(await producer.get(id))}`),
  );
  return states.join(', ');
}

import { titled } from '../../../scripts/test/needs.mjs';
import { DeliveryFailure, NotLookedUp } from './delivery.js';
import { provenance } from './provenance.js';
import { type FaultRow, type Figures, type Measured, NotRunHere } from './row.js';
import { recordRow } from './results.js';
import { Stage } from './stage.js';

const quickOnly = process.env['SCALR_FAULTS'] === 'quick';
const seed = Number(process.env['SCALR_FAULTS_SEED'] ?? 1);
const wanted = (process.env['SCALR_FAULTS_ROWS'] ?? '').split(',').filter(Boolean).map(Number);

/** Seconds beside the patience of a row, to look its jobs up and end its processes. */
const AROUND = 120;

/** One test per row; its figures go into the results, however it ends. Those that may run beside others do. */
export function runRows(rows: readonly FaultRow[]): void {
  const chosen = rows.filter(({ id, quick }) =>
    wanted.length > 0 ? wanted.includes(id) : quick || !quickOnly,
  );
  // The longest first, that they are not waited for in the end.
  const together = chosen
    .filter(({ alone }) => !alone)
    .toSorted((one, two) => patienceOf(two) - patienceOf(one) || one.id - two.id);
  if (together.length > 0) describe('at the same time', () => define(together, it.concurrent));
  const alone = chosen.filter((row) => row.alone);
  if (alone.length > 0) describe('one after the other', () => define(alone, it));
}

function define(rows: readonly FaultRow[], test: typeof it | typeof it.concurrent): void {
  for (const row of rows) {
    const timeout = (patienceOf(row) + AROUND) * 1_000;
    test(titled(`${row.id} ${row.name}`, row.needs), { timeout }, ({ skip }) => runRow(row, skip));
  }
}

const patienceOf = ({ patience = 90 }: FaultRow) => patience;

/**
 * One try for each row: a second one would hide what the first has shown. Lost and doubled jobs come before all that a row
 * fails of, also where it has caught them; jobs that nobody can look up after it, which is often what a broken row leaves behind.
 */
async function runRow(row: FaultRow, skip: (reason: string) => void): Promise<void> {
  const begin = performance.now();
  const stage = await Stage.open(row.id, seed);
  try {
    const ran = await settled(patiently(row, stage));
    const notRun = ran.error instanceof NotRunHere;
    const checked = notRun ? { figures: {} } : await settled(stage.checkDelivery());
    const unknown = checked.error instanceof NotLookedUp;
    const failure =
      stage.deliveryFailures[0] ?? (unknown ? (ran.error ?? checked.error) : (checked.error ?? ran.error));
    const figures = { ...stage.figures, ...ran.figures, ...checked.figures };
    const notes = [ran.figures.note, checked.figures.note, failure === undefined ? '' : summaryOf(failure)];
    const note = notes.filter(Boolean).join('; ');
    recordRow(row, {
      ...figures,
      ...(note ? { note } : {}),
      seed,
      tookMs: Math.round(performance.now() - begin),
      ...(await provenance()),
      status: notRun ? 'not run' : failure === undefined ? 'pass' : 'fail',
    });
    if (notRun) return skip(summaryOf(failure));
    if (failure !== undefined) throw failure;
  } finally {
    await stage.close();
  }
}

/** Runs the row, for as long as it may take. */
function patiently(row: FaultRow, stage: Stage): Promise<Measured> {
  const patience = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`not over after ${patienceOf(row)} s`));
    const timer = setTimeout(late, patienceOf(row) * 1_000);
    stage.onClose(async () => clearTimeout(timer));
  });
  return Promise.race([row.run(stage), patience]);
}

async function settled(work: Promise<Figures>): Promise<{ figures: Figures; error?: unknown }> {
  try {
    return { figures: await work };
  } catch (error) {
    const counted = error instanceof DeliveryFailure || error instanceof NotLookedUp;
    return { figures: counted ? error.figures : {}, error };
  }
}

function summaryOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}

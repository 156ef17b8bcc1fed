import type { FaultRow } from './row.js';
import { NotRunHere } from './row.js';
import { recordRow } from './results.js';
import { Stage } from './stage.js';

const quickOnly = process.env['SCALR_FAULTS'] === 'quick';
const seed = Number(process.env['SCALR_FAULTS_SEED'] ?? 1);
const wanted = (process.env['SCALR_FAULTS_ROWS'] ?? '').split(',').filter(Boolean).map(Number);

const TRIES = 2;
const INEXCUSABLE = /never ran|ran twice|ran more often/;

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
    const timeout = TRIES * (patienceOf(row) + 15) * 1_000;
    test(`${row.id} ${row.name}`, { timeout }, ({ skip }) => runRow(row, skip));
  }
}

const patienceOf = ({ patience = 90 }: FaultRow) => patience;

/**
 * A row that misses a time on a machine that others use is tried once more, and its result tells so. One that loses a job or
 * runs one too often is not: that has no excuse.
 */
async function runRow(row: FaultRow, skip: (reason: string) => void): Promise<void> {
  let before = '';
  for (let attempt = 1; ; attempt++) {
    const failure = await tryRow(row, before);
    if (failure === undefined) return;
    const told = summaryOf(failure);
    if (failure instanceof NotRunHere) return skip(told);
    if (attempt === TRIES || INEXCUSABLE.test(told)) throw failure;
    before = `second try, the first: ${told}`;
  }
}

/** One try; resolves with what it failed of. */
async function tryRow(row: FaultRow, before: string): Promise<unknown> {
  const begin = performance.now();
  const rest = () => ({ seed, tookMs: Math.round(performance.now() - begin) });
  const stage = await Stage.open(row.id, seed);
  const noteOf = (...notes: (string | undefined)[]) => {
    const note = [...notes, before].filter(Boolean).join('; ');
    return note ? { note } : {};
  };
  try {
    const patience = new Promise<never>((_, reject) => {
      const late = () => reject(new Error(`not over after ${patienceOf(row)} s`));
      const timer = setTimeout(late, patienceOf(row) * 1_000);
      stage.onClose(async () => clearTimeout(timer));
    });
    const figures = await Promise.race([row.run(stage), patience]);
    recordRow(row, { ...figures, ...noteOf(figures.note), ...rest(), status: 'pass' });
    return undefined;
  } catch (error) {
    const status = error instanceof NotRunHere ? 'not run' : 'fail';
    recordRow(row, { ...stage.figures, ...noteOf(summaryOf(error)), ...rest(), status });
    return error;
  } finally {
    await stage.close();
  }
}

function summaryOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}

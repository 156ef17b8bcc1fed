import type { FaultRow } from './row.js';
import { NotRunHere } from './row.js';
import { recordRow } from './results.js';
import { Stage } from './stage.js';

const quickOnly = process.env['SCALR_FAULTS'] === 'quick';
const seed = Number(process.env['SCALR_FAULTS_SEED'] ?? 1);
const wanted = (process.env['SCALR_FAULTS_ROWS'] ?? '').split(',').filter(Boolean).map(Number);

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
    test(`${row.id} ${row.name}`, { timeout: patienceOf(row) * 1_000 }, ({ skip }) => runRow(row, skip));
  }
}

const patienceOf = ({ patience = 90 }: FaultRow) => patience;

async function runRow(row: FaultRow, skip: (reason: string) => void): Promise<void> {
  const begin = performance.now();
  const rest = () => ({ seed, tookMs: Math.round(performance.now() - begin) });
  const stage = await Stage.open(row.id, seed);
  try {
    const figures = await row.run(stage);
    recordRow(row, { ...figures, ...rest(), status: 'pass' });
  } catch (error) {
    const note = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    const notRun = error instanceof NotRunHere;
    recordRow(row, { ...stage.figures, note, ...rest(), status: notRun ? 'not run' : 'fail' });
    if (!notRun) throw error;
    skip(note);
  } finally {
    await stage.close();
  }
}

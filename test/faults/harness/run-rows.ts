import type { FaultRow } from './row.js';
import { NotRunHere } from './row.js';
import { recordRow } from './results.js';
import { Stage } from './stage.js';

const quickOnly = process.env['SCALR_FAULTS'] === 'quick';
const seed = Number(process.env['SCALR_FAULTS_SEED'] ?? 1);
const wanted = (process.env['SCALR_FAULTS_ROWS'] ?? '').split(',').filter(Boolean).map(Number);

/** One test per row; its figures go into the results, however it ends. */
export function runRows(title: string, rows: readonly FaultRow[]): void {
  const chosen = rows.filter(({ id, quick }) =>
    wanted.length > 0 ? wanted.includes(id) : quick || !quickOnly,
  );
  describe.skipIf(chosen.length === 0)(title, () => {
    for (const row of chosen) {
      const test = row.alone ? it.sequential : it.concurrent;
      test(`${row.id} ${row.name}`, { timeout: (row.patience ?? 90) * 1_000 }, ({ skip }) =>
        runRow(row, skip),
      );
    }
    if (chosen.length === 0) it('has no row that was asked for', () => undefined);
  });
}

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

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFaketime } from '../../../scripts/faketime/find.mjs';
import { NotRunHere } from './row.js';
import type { Stage } from './stage.js';

/** Environment of a process whose clock says something else than ours; its timers run as always. */
export async function otherClock(setting: Record<string, string>): Promise<Record<string, string>> {
  const library = await findFaketime();
  if (!library) throw new NotRunHere('needs libfaketime');
  return { LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1', ...setting };
}

/** A clock that is set while the process runs. */
export async function settableClock(stage: Stage, offset: string) {
  const file = join(stage.dir, `clock-${Math.round(stage.random() * 1e9)}`);
  const set = (next: string) => writeFile(file, `${next}\n`);
  await set(offset);
  return { env: await otherClock({ FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' }), set };
}

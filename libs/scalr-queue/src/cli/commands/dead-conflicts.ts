import type { KeyConflict } from '../../dead-letter/dead-job.js';
import type { Cli } from '../cli.js';

/** Jobs whose unique key is taken that are named one by one. */
const SHOWN_CONFLICTS = 10;

/** Says which jobs stay dead. @param all how many there are, beside those that are known */
export function noteConflicts(cli: Cli, conflicts: readonly KeyConflict[], all = conflicts.length): void {
  const shown = conflicts.slice(0, SHOWN_CONFLICTS);
  for (const { id: dead, holder } of shown)
    cli.note(`${dead} stays dead: job ${holder} holds its unique key`);
  if (all > shown.length) cli.note(`so do ${all - shown.length} more; --json names them`);
}

import type { Provenance } from '../harness/provenance.js';
import type { RowResult } from '../harness/results.js';

/**
 * The newest result of each row and the newest soak, all of one commit and one machine; `measured` tells of what and where.
 */
export function collect(
  lines: readonly RowResult[],
  soak: (Provenance & Record<string, unknown>) | undefined,
): { rows: RowResult[]; measured: Provenance };

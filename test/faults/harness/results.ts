import { appendFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Provenance } from './provenance.js';
import type { FaultRow, Figures } from './row.js';

const folder = fileURLToPath(new URL('../../../.run/faults/', import.meta.url));

/** Where results are, outside of git. */
const resultsFile = `${folder}results.jsonl`;
export const soaksFile = `${folder}soaks.jsonl`;

/** How a row ended, as one line of the results. */
export interface RowResult extends Figures, Provenance {
  readonly id: number;
  readonly name: string;
  readonly requirement: string;
  readonly seed: number;
  readonly status: 'pass' | 'fail' | 'not run';
  readonly tookMs: number;
  readonly at: string;
}

export function recordRow(
  { id, name, requirement }: FaultRow,
  rest: Omit<RowResult, 'id' | 'name' | 'requirement' | 'at'>,
): void {
  appendLine(resultsFile, { id, name, requirement, at: new Date().toISOString(), ...rest });
}

export function appendLine(file: string, line: object): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

import type { Finding } from '../engine/finding.js';
import type { ConsoleProblem } from './console.source.js';

const WEIGHTS: Readonly<Record<Finding['severity'], number>> = { fatal: 2, danger: 1, warning: 0 };

const weightOf = ({ severity, app }: ConsoleProblem): number =>
  2 * WEIGHTS[severity] + (app === undefined ? 0 : 1);

/** The worst first; of the same weight those of apps, for which somebody waits, before those of the server. */
export function sorted(problems: readonly ConsoleProblem[]): ConsoleProblem[] {
  return problems.toSorted((one, other) => weightOf(other) - weightOf(one));
}

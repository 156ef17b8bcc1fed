import type { Stage } from './stage.js';

/** What a row measured itself; what does not apply to it is left out. */
export interface Measured {
  longestMs?: number;
  resumeMs?: number;
  note?: string;
}

/** The same with what the ledgers say of its jobs: no row can claim that. */
export interface Figures extends Measured {
  acknowledged?: number;
  lost?: number | undefined;
  twice?: number;
}

/** One fault of the matrix. */
export interface FaultRow {
  /** Its number in the matrix. */
  readonly id: number;
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly requirement: string;
  /** What not every machine has; see scripts/test/needs.mjs. */
  readonly needs?: readonly string[];
  /** Part of `npm test`. */
  readonly quick: boolean;
  /** Loads the machine so much that no other row may run beside it. */
  readonly alone?: boolean;
  /** Seconds after which it has failed. Defaults to 90. */
  readonly patience?: number;
  /** Does the fault and expects what must hold. */
  run(stage: Stage): Promise<Measured>;
}

/** A row that cannot be run on this machine, with the reason. */
export class NotRunHere extends Error {
  override readonly name = 'NotRunHere';
}

/** Slack for a busy machine: times may be this much longer than what is promised. */
export const SLACK = 1.5;

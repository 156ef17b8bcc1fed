/** Why the job of a slot ended without a run. */
export type SlotEnd = 'missed' | 'covered' | 'paused' | 'removed' | 'changed';

/** Under this key the engine's result says that there was no run: no handler can return an object like it by accident. */
const MARK = '$scalr-queue:slot';
const ENDS: readonly SlotEnd[] = ['missed', 'covered', 'paused', 'removed', 'changed'];

/** What is stored as the result of a slot that did not run. */
export const endedWithoutRun = (end: SlotEnd): object => ({ [MARK]: end });

/** Why a completed job did not run; undefined for one that did. */
export function slotEndOf(result: unknown): SlotEnd | undefined {
  if (typeof result !== 'object' || result === null || !(MARK in result)) return undefined;
  return ENDS.find((end) => end === result[MARK]);
}

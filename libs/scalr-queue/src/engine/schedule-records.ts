import type { SlotEnd } from './slot-end.js';

/** The schedules of the app as they are stored: what their texts mean is up to who declares them. Moments are epoch milliseconds. */
export interface ScheduleRecords {
  /** All of one moment. */
  read(): Promise<ScheduleTable>;
  /**
   * Replaces the schedules of a program in one step, unless those of a worker that booted later are stored. Those of another program stay.
   * @returns when the worker booted, as it counts: later than all before it, whatever the clocks say; and what was removed or changed
   */
  declare(
    declaration: ScheduleDeclaration,
  ): Promise<{ readonly boot: number; readonly withdrawn: readonly WithdrawnRecord[] }>;
  /** Decides in one step whether a job of a schedule may start, and notes that it does, for every later attempt too. */
  admit(candidate: Candidate, now: number): Promise<{ readonly verdict: Verdict; readonly text?: string }>;
  /** Notes a moment with a schedule, or forgets it where none is given. */
  note(name: string, what: ScheduleNote, at?: number): Promise<void>;
  /**
   * Notes how slots of a schedule ended. Of each schedule the last {@link KEPT_SLOTS} are kept, also when it is removed for a while.
   * @param onlyNew whether a slot of which more is known stays as it is
   */
  noteSlots(name: string, slots: readonly EndedSlot[], onlyNew: boolean): Promise<void>;
  /** The slots of these schedules whose end is noted, each in the order of its slots. */
  endedSlots(names: readonly string[]): Promise<EndedSlot[][]>;
}

/** Slots of a schedule whose end is kept. */
export const KEPT_SLOTS = 30;

/** How slots end. What is stored is the place in this list: nothing may be put in between. */
export const SLOT_OUTCOMES = ['ok', 'failed', 'missed', 'skipped', 'cancelled'] as const;
export type SlotOutcomeName = (typeof SLOT_OUTCOMES)[number];

/** A slot, in epoch milliseconds, and how it ended. */
export interface EndedSlot {
  readonly slot: number;
  readonly outcome: SlotOutcomeName;
}

/** When a run has succeeded; the latest slot that was missed; since when it is paused; the slot that was enqueued last. */
export type ScheduleNote = 'succeeded' | 'missed' | 'paused' | 'lastSlot';

/** A schedule as it is stored, and how far it is. */
export interface ScheduleRecord extends ScheduleProgress {
  readonly name: string;
  readonly text: string;
}

/** How far a schedule is. */
export interface ScheduleProgress {
  readonly paused: boolean;
  /** The slot that was enqueued last. */
  readonly lastSlot?: number;
  readonly lastRunAt?: number;
  /** The latest slot that was missed and did not run. */
  readonly lastMissedAt?: number;
  readonly lastSuccessAt?: number;
  /** Slots up to here are covered by a run. */
  readonly covered?: number;
}

/** What is stored at one moment. */
export interface ScheduleTable {
  readonly records: readonly ScheduleRecord[];
  /** Boot of the worker that declared those of a program; 0 when none did, or the store was emptied. */
  readonly bootOf: (program: string) => number;
  /** The worker that declared its schedules last, in words. */
  readonly declaredBy?: string;
}

/** The schedules that a worker has in its code. */
export interface ScheduleDeclaration {
  /** Name of the program, `-` where it has none. */
  readonly program: string;
  /** The worker, in words. */
  readonly title: string;
  /** What the first declaration of this worker answered; left out for that one. */
  readonly boot?: number;
  readonly now: number;
  readonly schedules: readonly { readonly name: string; readonly text: string }[];
}

/** A schedule that a declaration removed or changed. */
export interface WithdrawnRecord {
  readonly text: string;
  readonly lastSlot: number;
  /** The worker that had declared it, in words; empty for one of release 0.1.0. */
  readonly by: string;
}

/** Whether a job of a schedule may start, and why not. `again`: it was admitted before. `changed` comes with the text that holds. */
export type Verdict = 'run' | 'again' | SlotEnd;

/** A job of a schedule that is about to start. */
export interface Candidate {
  readonly schedule: string;
  /** What the text of the schedule began with when the job was made; empty for any. */
  readonly revision: string;
  readonly slot: number;
  readonly late: boolean;
  /** Whether late ones run once. */
  readonly once: boolean;
  /** Whether a person asked for the run. */
  readonly manual: boolean;
  readonly queue: string;
  readonly storedId: string;
  /** Whether a worker has taken the job before. */
  readonly taken: boolean;
}

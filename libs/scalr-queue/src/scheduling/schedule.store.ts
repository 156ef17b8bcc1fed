import { Inject, Injectable } from '@nestjs/common';
import { QueueEngine } from '../engine/queue.engine.js';
import type {
  Candidate,
  EndedSlot,
  ScheduleProgress,
  ScheduleTable,
  Verdict,
} from '../engine/schedule-records.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import {
  decodeSpec,
  encodeSpec,
  type ScheduleSpec,
  type VersionedSpec,
  versioned,
} from './schedule-record.js';
import { timetableOf } from './timetable.factory.js';
import type { Timetable } from './timetable.js';

/** A schedule that holds for the app, and how far it is. Times are epoch milliseconds. */
export interface StoredSchedule extends VersionedSpec, ScheduleProgress {
  readonly timetable: Timetable;
}

/** What is stored at one moment. */
export interface StoredSchedules extends Pick<ScheduleTable, 'bootOf' | 'declaredBy'> {
  readonly schedules: readonly StoredSchedule[];
}

/** A schedule that a declaration removed or changed. */
export interface Withdrawn extends VersionedSpec {
  readonly lastSlot: number;
  /** The worker that had declared it, in words; empty for one of release 0.1.0. */
  readonly by: string;
}

/** Who declares schedules. */
export interface Declarer {
  /** Name of the program, `-` where it has none. */
  readonly program: string;
  /** The worker, in words. */
  readonly title: string;
}

type Decoded = VersionedSpec & { readonly timetable: Timetable };

/** The schedules of the app, as the worker that booted last declared them. */
@Injectable()
export class ScheduleStore {
  private decoded = new Map<string, Decoded>();

  constructor(
    private readonly engine: QueueEngine,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  async read(): Promise<StoredSchedules> {
    const { records, bootOf, declaredBy } = await this.engine.schedules.read();
    const decoded = new Map<string, Decoded>();
    const schedules: StoredSchedule[] = [];
    for (const { name: _name, text, ...progress } of records) {
      const schedule = this.decoded.get(text) ?? decode(text);
      if (!schedule) continue;
      decoded.set(text, schedule);
      schedules.push({ ...schedule, ...progress });
    }
    this.decoded = decoded;
    return { schedules, bootOf, ...(declaredBy === undefined ? {} : { declaredBy }) };
  }

  /**
   * Makes these the schedules of the program, unless those of a worker that booted later are stored.
   * @param boot what the first declaration of this worker returned
   */
  async declare(
    specs: readonly ScheduleSpec[],
    { program, title }: Declarer,
    boot?: number,
  ): Promise<{ boot: number; withdrawn: Withdrawn[] }> {
    const schedules = specs.map((spec) => ({ name: spec.name, text: encodeSpec(versioned(spec)) }));
    const now = this.app.clock.now();
    const declared = await this.engine.schedules.declare({ program, title, boot, now, schedules });
    const withdrawn = declared.withdrawn.flatMap(({ text, ...rest }) => {
      const old = decodeSpec(text);
      return old ? [{ ...old, ...rest }] : [];
    });
    return { boot: declared.boot, withdrawn };
  }

  /** Decides atomically, and notes the run. A changed schedule that still has the slot runs. */
  async admit(candidate: Candidate): Promise<Verdict> {
    const { verdict, text } = await this.engine.schedules.admit(candidate, this.app.clock.now());
    const current = verdict === 'changed' && text !== undefined ? decode(text) : undefined;
    if (current?.timetable.next(candidate.slot - 1) !== candidate.slot) return verdict;
    return this.admit({ ...candidate, revision: '' });
  }

  /** Notes that a run has succeeded. */
  succeeded(name: string): Promise<void> {
    return this.engine.schedules.note(name, 'succeeded', this.app.clock.now());
  }

  /** Notes a slot that passed and will not run. */
  missed(name: string, slot: number): Promise<void> {
    return this.engine.schedules.note(name, 'missed', slot);
  }

  /** Notes how slots ended, unless no history is kept. @param onlyNew whether a slot of which more is known stays as it is */
  async noteSlots(name: string, slots: readonly EndedSlot[], onlyNew = false): Promise<void> {
    if (this.app.history !== false) await this.engine.schedules.noteSlots(name, slots, onlyNew);
  }

  pause(name: string): Promise<void> {
    return this.engine.schedules.note(name, 'paused', this.app.clock.now());
  }

  resume(name: string): Promise<void> {
    return this.engine.schedules.note(name, 'paused');
  }

  /** The slot that was enqueued last before the schedule was removed for a while: those since then were missed. */
  recall(name: string, slot: number): Promise<void> {
    return this.engine.schedules.note(name, 'lastSlot', slot);
  }

  /** Forgets the slot that was enqueued last: it was taken back. */
  forgetSlot(name: string): Promise<void> {
    return this.engine.schedules.note(name, 'lastSlot');
  }
}

function decode(text: string): Decoded | undefined {
  const found = decodeSpec(text);
  try {
    return found && { ...found, timetable: timetableOf(found.spec) };
  } catch {
    // Of a version with expressions that this one does not know, or damaged: the others go on.
    return undefined;
  }
}

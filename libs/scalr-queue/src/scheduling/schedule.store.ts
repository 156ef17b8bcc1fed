import { Inject, Injectable } from '@nestjs/common';
import { ScheduleHash } from '../engine/redis/schedule.hash.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import {
  decodeSpec,
  encodeSpec,
  type ScheduleSpec,
  type VersionedSpec,
  versioned,
} from './schedule-record.js';
import type { SlotEnd } from '../engine/slot-end.js';
import { timetableOf } from './timetable.factory.js';
import type { Timetable } from './timetable.js';

/** A schedule that holds for the app, and how far it is. Times are epoch milliseconds. */
export interface StoredSchedule extends VersionedSpec {
  readonly timetable: Timetable;
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
export interface StoredSchedules {
  /** Boot of the worker that declared those of a program; 0 when none did, or Redis was emptied. */
  bootOf(program: string): number;
  /** The worker that declared its schedules last, in words. */
  readonly declaredBy?: string;
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

/** Whether a job of a schedule may start, and why not. `again`: it was admitted before. */
export type Verdict = 'run' | 'again' | SlotEnd;

/** A job of a schedule that is about to start. */
export interface Candidate {
  readonly schedule: string;
  /** Empty for any. */
  readonly revision: string;
  readonly slot: number;
  readonly late: boolean;
  readonly once: boolean;
  readonly manual: boolean;
  readonly queue: string;
  readonly storedId: string;
  /** Whether a worker has taken the job before. */
  readonly taken: boolean;
}

type Decoded = VersionedSpec & { readonly timetable: Timetable };

/** The schedules of the app, as the worker that booted last declared them: one hash. */
@Injectable()
export class ScheduleStore {
  private decoded = new Map<string, Decoded>();

  constructor(
    private readonly hash: ScheduleHash,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  async read(): Promise<StoredSchedules> {
    const fields = await this.hash.fields();
    const decoded = new Map<string, Decoded>();
    const schedules: StoredSchedule[] = [];
    for (const [field, text] of Object.entries(fields)) {
      if (!field.startsWith('def:')) continue;
      const schedule = this.decoded.get(text) ?? decode(text);
      if (!schedule) continue;
      decoded.set(text, schedule);
      schedules.push({ ...schedule, ...stateOf(fields, schedule.spec.name) });
    }
    this.decoded = decoded;
    const { program: by, title } = declarerOf(fields);
    return {
      schedules,
      bootOf: (program) =>
        Math.max(
          Number(fields[`~boot:${program}`] ?? 0),
          by === undefined || by === program ? Number(fields['~boot'] ?? 0) : 0,
        ),
      ...(title === undefined ? {} : { declaredBy: title }),
    };
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
    const pairs = specs.flatMap((spec) => [spec.name, encodeSpec(versioned(spec))]);
    const [stamp, ...stale] = await this.hash.declare([
      boot ?? 0,
      this.app.clock.now(),
      program,
      title,
      ...pairs,
    ]);
    const withdrawn: Withdrawn[] = [];
    for (let index = 0; index < stale.length; index += 3) {
      const old = decodeSpec(stale[index]!);
      const by = stale[index + 2]!.replace(/^\S+ /, '');
      if (old) withdrawn.push({ ...old, lastSlot: Number(stale[index + 1]), by });
    }
    return { boot: Number(stamp), withdrawn };
  }

  /** Decides atomically, and notes the run. A changed schedule that still has the slot runs. */
  async admit(candidate: Candidate): Promise<Verdict> {
    const { schedule, revision, slot, late, once, manual, queue, storedId, taken } = candidate;
    const flags = [late, once, manual, taken].map((flag) => (flag ? '1' : '0'));
    const args = [schedule, revision, slot, this.app.clock.now(), ...flags];
    const [verdict, text] = await this.hash.admit(queue, storedId, args);
    const current = verdict === 'changed' && text !== undefined ? decode(text) : undefined;
    if (current?.timetable.next(slot - 1) !== slot) return verdict as Verdict;
    return this.admit({ ...candidate, revision: '' });
  }

  /** Notes that a run has succeeded. */
  async succeeded(name: string): Promise<void> {
    await this.hash.set(`ok:${name}`, String(this.app.clock.now()));
  }

  /** Notes a slot that passed and will not run. */
  async missed(name: string, slot: number): Promise<void> {
    await this.hash.set(`missed:${name}`, String(slot));
  }

  async pause(name: string): Promise<void> {
    await this.hash.set(`paused:${name}`, String(this.app.clock.now()));
  }

  async resume(name: string): Promise<void> {
    await this.hash.unset(`paused:${name}`);
  }

  /** The slot that was enqueued last before the schedule was removed for a while: those since then were missed. */
  async recall(name: string, slot: number): Promise<void> {
    await this.hash.set(`last:${name}`, String(slot));
  }

  /** Forgets the slot that was enqueued last: it was taken back. */
  async forgetSlot(name: string): Promise<void> {
    await this.hash.unset(`last:${name}`);
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

function stateOf(fields: Record<string, string>, name: string) {
  const last = fields[`last:${name}`];
  const [covered, lastRunAt] = (fields[`run:${name}`] ?? '').split(' ').map(Number);
  return {
    paused: `paused:${name}` in fields,
    ...(last === undefined ? {} : { lastSlot: Number(last) }),
    ...(covered && lastRunAt ? { covered, lastRunAt } : {}),
    ...moment('lastMissedAt', fields[`missed:${name}`]),
    ...moment('lastSuccessAt', fields[`ok:${name}`]),
  };
}

function moment<Name extends string>(
  name: Name,
  text: string | undefined,
): { readonly [Key in Name]?: number } {
  return (text === undefined ? {} : { [name]: Number(text) }) as { readonly [Key in Name]?: number };
}

/** Release 0.1.0 writes its boot and not whose it is. */
function declarerOf(fields: Record<string, string>): { program?: string; title?: string } {
  const [, boot, program, title] = /^(\d+) (\S*) (.*)$/s.exec(fields['~boot-by'] ?? '') ?? [];
  return boot !== undefined && boot === fields['~boot'] ? { program, title } : {};
}

import {
  type Candidate,
  type EndedSlot,
  KEPT_SLOTS,
  type ScheduleDeclaration,
  type ScheduleNote,
  type ScheduleRecord,
  type ScheduleRecords,
  type ScheduleTable,
  type Verdict,
  type WithdrawnRecord,
} from '../schedule-records.js';

type Held = { -readonly [Key in keyof ScheduleRecord]: ScheduleRecord[Key] } & { by: string };

/** The schedules of the app: those of one program. */
export class MemoryScheduleRecords implements ScheduleRecords {
  private readonly held = new Map<string, Held>();
  private readonly ended = new Map<string, readonly EndedSlot[]>();
  private readonly admitted = new Set<string>();
  private boot = 0;
  private title?: string;

  async read(): Promise<ScheduleTable> {
    const { boot, title } = this;
    return {
      records: [...this.held.values()].map(({ by: _by, ...record }) => record),
      bootOf: () => boot,
      ...(title === undefined ? {} : { declaredBy: title }),
    };
  }

  async declare({ boot, now, title, schedules }: ScheduleDeclaration) {
    if (boot !== undefined && this.boot > boot) return { boot, withdrawn: [] };
    this.boot = boot ?? Math.max(now, this.boot + 1);
    this.title = title;
    const withdrawn: WithdrawnRecord[] = [];
    for (const { name, text, lastSlot = 0, by } of this.held.values()) {
      const wanted = schedules.find((schedule) => schedule.name === name);
      if (wanted?.text === text) continue;
      withdrawn.push({ text, lastSlot, by });
      if (!wanted) this.held.delete(name);
    }
    for (const { name, text } of schedules) {
      const known = this.held.get(name);
      const { lastSlot, ...progress } = known ?? { paused: false };
      const isSame = known?.text === text && lastSlot !== undefined;
      this.held.set(name, { ...progress, ...(isSame ? { lastSlot } : {}), name, text, by: title });
    }
    return { boot: this.boot, withdrawn };
  }

  async admit(candidate: Candidate, now: number): Promise<{ verdict: Verdict; text?: string }> {
    const { schedule, revision, slot, late, once, manual, queue, storedId } = candidate;
    const job = `${queue} ${storedId}`;
    if (this.admitted.has(job)) return { verdict: 'again' };
    const record = this.held.get(schedule);
    if (!record) return { verdict: manual ? 'run' : 'removed' };
    const { text, covered = 0, lastMissedAt = 0 } = record;
    if (!manual) {
      if (revision !== '' && slot > this.boot && !text.startsWith(revision))
        return { verdict: 'changed', text };
      if (record.paused) return { verdict: 'paused' };
      if (late && !once) {
        record.lastMissedAt = Math.max(lastMissedAt, slot);
        return { verdict: 'missed' };
      }
      if (late && covered >= slot) return { verdict: 'covered' };
    }
    this.admitted.add(job);
    record.covered = Math.max(covered, slot, now);
    record.lastRunAt = now;
    return { verdict: 'run' };
  }

  async noteSlots(name: string, slots: readonly EndedSlot[], onlyNew: boolean): Promise<void> {
    const known = new Map(this.ended.get(name)?.map((one) => [one.slot, one]));
    for (const one of slots) if (!onlyNew || !known.has(one.slot)) known.set(one.slot, one);
    const inOrder = [...known.values()].toSorted((one, other) => one.slot - other.slot);
    this.ended.set(name, inOrder.slice(-KEPT_SLOTS));
  }

  async endedSlots(names: readonly string[]): Promise<EndedSlot[][]> {
    return names.map((name) => [...(this.ended.get(name) ?? [])]);
  }

  async note(name: string, what: ScheduleNote, at?: number): Promise<void> {
    const record = this.held.get(name);
    if (!record) return;
    if (what === 'paused') record.paused = at !== undefined;
    else if (at === undefined) delete record[PROGRESS[what]];
    else record[PROGRESS[what]] = at;
  }
}

const PROGRESS = { succeeded: 'lastSuccessAt', missed: 'lastMissedAt', lastSlot: 'lastSlot' } as const;

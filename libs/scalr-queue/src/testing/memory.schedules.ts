import { readMeta } from '../engine/job-meta.js';
import { toStoredId } from '../engine/job-id.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ScheduleHash } from '../engine/redis/schedule.hash.js';
import type { StoredSchedule } from '../scheduling/schedule.store.js';
import type { VersionedSpec } from '../scheduling/schedule-record.js';
import { slotId, SlotQueue } from '../scheduling/slot.queue.js';
import type { MemoryEngine } from '../engine/memory/memory.engine.js';

type Args = readonly (string | number)[];

/** The schedules of the app, by the rules of `schedule.scripts.ts`. */
export class MemoryScheduleHash implements Pick<ScheduleHash, keyof ScheduleHash> {
  private readonly hash = new Map<string, string>();
  private readonly admitted = new Set<string>();

  async set(field: string, value: string): Promise<void> {
    this.hash.set(field, value);
  }

  async unset(field: string): Promise<void> {
    this.hash.delete(field);
  }

  async fields(): Promise<Record<string, string>> {
    return Object.fromEntries(this.hash);
  }

  async declare([given, now, _program, _title, ...pairs]: Args): Promise<string[]> {
    const boot = String(Number(given) || Number(now));
    const wanted = new Map<string, string>();
    for (let index = 0; index < pairs.length; index += 2)
      wanted.set(`def:${pairs[index]}`, String(pairs[index + 1]));
    const reply = [boot];
    for (const [field, text] of this.hash) {
      if (!field.startsWith('def:') || wanted.get(field) === text) continue;
      const name = field.slice('def:'.length);
      reply.push(text, this.hash.get(`last:${name}`) ?? '0', '');
      this.hash.delete(field);
      this.hash.delete(`last:${name}`);
      if (wanted.has(field)) continue;
      for (const state of ['run', 'missed', 'ok']) this.hash.delete(`${state}:${name}`);
    }
    this.hash.set('~boot', boot);
    for (const [field, text] of wanted) this.hash.set(field, text);
    return reply;
  }

  async admit(
    queue: string,
    storedId: string,
    [name, revision, slot, now, ...flags]: Args,
  ): Promise<[verdict: string, text?: string]> {
    const [late, once, manual] = flags.map((flag) => flag === '1');
    if (this.admitted.has(`${queue} ${storedId}`)) return ['again'];
    const text = this.hash.get(`def:${name}`);
    if (text === undefined) return [manual ? 'run' : 'removed'];
    const covered = Number.parseInt(this.hash.get(`run:${name}`) ?? '0', 10);
    if (!manual) {
      const boot = Number(this.hash.get('~boot'));
      if (revision !== '' && Number(slot) > boot && !text.startsWith(String(revision)))
        return ['changed', text];
      if (this.hash.has(`paused:${name}`)) return ['paused'];
      if (late && !once) {
        const before = Number(this.hash.get(`missed:${name}`) ?? '0');
        this.hash.set(`missed:${name}`, String(Math.max(before, Number(slot))));
        return ['missed'];
      }
      if (late && covered >= Number(slot)) return ['covered'];
    }
    this.admitted.add(`${queue} ${storedId}`);
    this.hash.set(`run:${name}`, `${Math.max(covered, Number(slot), Number(now))} ${now}`);
    return ['run'];
  }
}

/** The jobs of slots. */
export class MemorySlotQueue extends SlotQueue {
  constructor(
    private readonly engine: MemoryEngine,
    private readonly schedules: ScheduleHash,
    options: ResolvedOptions,
  ) {
    super(
      undefined as never,
      undefined as never,
      undefined as never,
      undefined as never,
      undefined as never,
      options,
    );
  }

  override async add(schedule: StoredSchedule, slot: number): Promise<void> {
    const prepared = this.prepareSlot(schedule, slot);
    this.engine.types.record(prepared);
    await this.schedules.set(`last:${schedule.spec.name}`, String(slot));
    this.engine.memory.get(prepared.queue).add(prepared);
  }

  override async remove({ spec }: VersionedSpec, slot: number): Promise<void> {
    if (slot > this.engine.memory.clock.now())
      this.engine.memory.get(spec.queue).remove(toStoredId(spec.job, slotId(spec, slot)));
  }

  override async verify(schedule: StoredSchedule, slot: number): Promise<void> {
    const { spec, revision } = schedule;
    const job = this.engine.memory.get(spec.queue).jobs.get(toStoredId(spec.job, slotId(spec, slot)));
    if (job && readMeta(job.opts).slot?.revision === revision) return;
    await this.remove(schedule, slot);
    await this.add(schedule, slot);
  }
}

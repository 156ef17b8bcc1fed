import type { ResolvedOptions } from '../../config/resolved-options.js';
import type {
  Candidate,
  EndedSlot,
  ScheduleDeclaration,
  ScheduleNote,
  ScheduleProgress,
  ScheduleRecords,
  ScheduleTable,
  Verdict,
  WithdrawnRecord,
} from '../schedule-records.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { noteSlots, readSlots } from './ended-slots.js';
import { queueKey, schedulesKey } from './keys.js';
import { ADMIT, DECLARE } from './scripts/schedule.scripts.js';

/** The fields of the hash: each note has a prefix before the name of the schedule. */
const FIELDS: Readonly<Record<ScheduleNote, string>> = {
  succeeded: 'ok',
  missed: 'missed',
  paused: 'paused',
  lastSlot: 'last',
};
const DEFINITION = 'def:';

/** The stored schedules of the app: one hash. */
export class RedisScheduleRecords implements ScheduleRecords {
  private readonly key: string;

  constructor(
    private readonly connections: RedisConnections,
    private readonly app: ResolvedOptions,
  ) {
    this.key = schedulesKey(app.prefix);
  }

  async read(): Promise<ScheduleTable> {
    const fields = await this.connections.producer.hgetall(this.key);
    const records = Object.entries(fields)
      .filter(([field]) => field.startsWith(DEFINITION))
      .map(([field, text]) => {
        const name = field.slice(DEFINITION.length);
        return { name, text, ...progressOf(fields, name) };
      });
    const { program: by, title } = declarerOf(fields);
    return {
      records,
      bootOf: (program) =>
        Math.max(
          Number(fields[`~boot:${program}`] ?? 0),
          by === undefined || by === program ? Number(fields['~boot'] ?? 0) : 0,
        ),
      ...(title === undefined ? {} : { declaredBy: title }),
    };
  }

  async declare({ boot = 0, now, program, title, schedules }: ScheduleDeclaration) {
    const pairs = schedules.flatMap(({ name, text }) => [name, text]);
    const args = [boot, now, program, title, ...pairs];
    const reply = await this.connections.producer.eval(DECLARE, 1, this.key, ...args);
    const [stamp, ...stale] = reply as string[];
    const withdrawn: WithdrawnRecord[] = [];
    for (let at = 0; at < stale.length; at += 3) {
      const by = stale[at + 2]!.replace(/^\S+ /, '');
      withdrawn.push({ text: stale[at]!, lastSlot: Number(stale[at + 1]), by });
    }
    return { boot: Number(stamp), withdrawn };
  }

  async admit(candidate: Candidate, now: number): Promise<{ verdict: Verdict; text?: string }> {
    const { schedule, revision, slot, late, once, manual, queue, storedId, taken } = candidate;
    const flags = [late, once, manual, taken].map((flag) => (flag ? '1' : '0'));
    const job = queueKey(this.app.prefix, queue, storedId);
    const args = [schedule, revision, slot, now, ...flags];
    const reply = await this.connections.producer.eval(ADMIT, 2, this.key, job, ...args);
    const [verdict, text] = reply as [Verdict, string?];
    return { verdict, ...(text === undefined ? {} : { text }) };
  }

  async note(name: string, what: ScheduleNote, at?: number): Promise<void> {
    const field = `${FIELDS[what]}:${name}`;
    if (at === undefined) await this.connections.producer.hdel(this.key, field);
    else await this.connections.producer.hset(this.key, field, String(at));
  }

  noteSlots(name: string, slots: readonly EndedSlot[], onlyNew: boolean): Promise<void> {
    return noteSlots(this.connections.producer, this.app.prefix, name, slots, onlyNew);
  }

  endedSlots(names: readonly string[]): Promise<EndedSlot[][]> {
    return readSlots(this.connections.producer, this.app.prefix, names);
  }
}

function progressOf(fields: Record<string, string>, name: string): ScheduleProgress {
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

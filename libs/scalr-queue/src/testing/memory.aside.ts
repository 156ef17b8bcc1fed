import type { StoredJob } from '../engine/stored-job.js';
import type { MemoryJob } from '../engine/memory/memory.job.js';
import { type AsideNote, AsideNotes } from '../engine/redis/aside.notes.js';

/** What is noted with a job that was put aside, by the rules of `note-deferral.script.ts`. */
export class MemoryAsideNotes extends AsideNotes {
  private readonly notesOf = new WeakMap<StoredJob, AsideNote & { readonly started: number }>();

  constructor() {
    super(undefined as never, undefined as never);
  }

  override async note(job: MemoryJob, now: number): Promise<AsideNote> {
    const last = this.notesOf.get(job);
    const goesOn = last?.started === job.attemptsStarted - 1;
    const note = { since: goesOn ? last.since : now, times: (goesOn ? last.times : 0) + 1 };
    job.idleStarts++;
    this.notesOf.set(job, { ...note, started: job.attemptsStarted });
    return note;
  }
}

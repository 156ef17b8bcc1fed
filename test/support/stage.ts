import { Inject, Injectable, Logger } from '@nestjs/common';
import { setImmediate as tick } from 'node:timers/promises';
import {
  defineJob,
  Discard,
  JobContext,
  JobEvents,
  type JobEventMap,
  type JobEventName,
  ProcessJob,
  Snooze,
} from 'scalr-queue';

type Act = 'succeed' | 'fail once' | 'fail' | 'snooze once' | 'discard' | 'wait';
export const SECRET = 'hunter2';
export const Act = defineJob<{ act: Act; secret?: string }>('act', {
  queue: 'stage',
  retry: { attempts: 2, delay: 5 },
});

const names: JobEventName[] = [
  'enqueued',
  'enqueue-failed',
  'started',
  'completed',
  'retrying',
  'postponed',
  'dead',
  'cancelled',
  'stalled',
  'lock-lost',
  'blocked',
  'effect-unknown',
  'data-missing',
  'handed-back',
];

export type Seen = { [Name in JobEventName]: { event: Name } & JobEventMap[Name] }[JobEventName];

/** Listens to all that happens in the process of the given stream. */
export function record(events: JobEvents, seen: Seen[]): void {
  for (const name of names) events.on(name, (event) => seen.push({ event: name, ...event } as Seen));
}

/** A handler of jobs that say what becomes of them, and what its process heard of them. */
export function stage() {
  const seen: Seen[] = [];
  const calls = new Map<string, number>();

  @Injectable()
  class Recorder {
    constructor(@Inject(JobEvents) events: JobEvents) {
      record(events, seen);
    }
  }

  @Injectable()
  class Stage {
    private readonly logger = new Logger('Stage');

    @ProcessJob(Act)
    async run({ act }: { act: Act }, ctx: JobContext) {
      const call = (calls.get(ctx.id) ?? 0) + 1;
      calls.set(ctx.id, call);
      this.logger.log(`acting: ${act}`);
      await deep(() => this.logger.warn('deep down'));
      if (act === 'fail' || (act === 'fail once' && call === 1))
        throw Object.assign(new TypeError(`no postgres://root:${SECRET}@db/x for password=${SECRET}`), {
          code: 'E_DB',
        });
      if (act === 'snooze once' && call === 1) throw new Snooze(5);
      if (act === 'discard') throw new Discard('not wanted');
      if (act === 'wait') await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    }
  }
  return { seen, providers: [Recorder, Stage] };
}

async function deep(work: () => void): Promise<void> {
  await tick();
  await Promise.all([tick(), new Promise<void>((resolve) => void setTimeout(() => resolve(work()), 1))]);
}

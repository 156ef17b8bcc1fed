import { Injectable } from '@nestjs/common';
import { DeadLetterService, defineJob, Discard, JobContext, ProcessJob } from 'scalr-queue';
import { startBoth } from './apps.js';
import { eventually } from './eventually.js';

/** Fails, or discards itself, until it is mended. */
export const Break = defineJob<{ text: string; discard?: boolean }>('break', {
  retry: { attempts: 2, delay: 5 },
  queue: 'first',
});
/** Fails at once for good, in another queue. */
export const Crack = defineJob<{ text: string }>('crack', { retry: false, queue: 'second' });

/** A worker's side of both jobs; they succeed once `mended.yes` is set. */
export function breaker() {
  const mended = { yes: false };

  @Injectable()
  class BreakProcessor {
    @ProcessJob(Break)
    run({ text, discard }: { text: string; discard?: boolean }, ctx: JobContext) {
      if (mended.yes) return;
      if (discard) throw new Discard(text);
      throw Object.assign(new RangeError(`${text} at ${ctx.attempt}`), { code: 'E_BROKEN' });
    }

    @ProcessJob(Crack)
    crack({ text }: { text: string }) {
      if (!mended.yes) throw new Error(text);
    }
  }
  return { mended, providers: [BreakProcessor] };
}

/** An app with `count` dead jobs in two queues. */
export async function withDead(count: number) {
  const { mended, providers } = breaker();
  const { app, queue, jobs, get } = await startBoth({ providers });
  const dead = get(DeadLetterService);
  const enqueued = [];
  for (let n = 0; n < count; n++) {
    const job =
      n % 2 === 0
        ? queue.enqueue(Break, { text: `failure ${n}` })
        : queue.enqueue(Crack, { text: `failure ${n}` });
    enqueued.push(await job);
  }
  await eventually(async () => expect(await dead.count()).toBe(count));
  return { app, mended, queue, jobs, dead, enqueued };
}

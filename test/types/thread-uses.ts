import { defineJob, type JobContext, ProcessJob, type ResultOf } from 'scalr-queue';
import { threadHandler, type ThreadOutput } from 'scalr-queue/thread';
import { z } from 'zod';

// Compiled by `npm run typecheck`, never run: each marked line must not compile, all others must.

const Render = defineJob('render', {
  payload: z.object({ pages: z.number() }),
  result: z.object({ key: z.string() }),
});
const thread = new URL('./render.thread.js', import.meta.url);

/** Gives the result of the job unless told otherwise. */
export const plain = threadHandler(Render, async ({ pages }, ctx) => {
  await ctx.progress(pages);
  return { key: ctx.id };
});

/** Gives something else to the method, which makes the result of it. */
export const bytes = threadHandler<typeof Render, Uint8Array>(Render, ({ pages }) => new Uint8Array(pages));

// @ts-expect-error not the result of the job
threadHandler(Render, () => ({ kee: '' }));
// @ts-expect-error not what it says to give
threadHandler<typeof Render, Uint8Array>(Render, () => 'text');
// @ts-expect-error no such field in the payload
threadHandler(Render, ({ size }) => ({ key: size }));

export class Threaded {
  @ProcessJob(Render, { thread })
  nothing(): void {}

  @ProcessJob(Render, { thread })
  async look(result: ResultOf<typeof Render>, ctx: JobContext) {
    await ctx.log(result.key);
  }

  @ProcessJob(Render, { thread })
  async store(pdf: ThreadOutput<typeof bytes>, ctx: JobContext) {
    const size: number = pdf.byteLength;
    return { key: `${ctx.id}-${size}` };
  }

  // @ts-expect-error not the result of the job
  @ProcessJob(Render, { thread })
  wrongResult() {
    return { kee: '' };
  }

  // @ts-expect-error without a thread it has to return the result
  @ProcessJob(Render)
  noResult(): void {}

  // @ts-expect-error a file is named by its URL
  @ProcessJob(Render, { thread: './render.thread.js' })
  path(): void {}

  // @ts-expect-error unknown option
  @ProcessJob(Render, { thread, threads: 4 })
  unknown(): void {}
}

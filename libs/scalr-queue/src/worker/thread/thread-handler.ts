import type { JobContext } from '../../contract/job-context.js';
import type { AnyJobDefinition, PayloadOf, ReturnedBy } from '../../contract/job-definition.js';
import { inTrace } from '../../tracing/thread-trace.js';
import { ThreadContext } from './thread.context.js';
import { OUTCOME_SENT, type ThreadOutcome, type ThreadTask } from './thread.protocol.js';

/** The default export of a thread file, made by {@link threadHandler}. */
export interface ThreadHandler<D extends AnyJobDefinition, Output> {
  /** The job that it handles. */
  readonly definition: D;
  /** The handler itself: call it in a unit test, no thread needed. */
  handle(payload: PayloadOf<D>, context: JobContext): Output | Promise<Output>;
}

/** What the thread hands to the method in the main thread: `ThreadOutput<typeof handler>`. */
export type ThreadOutput<H> = H extends ThreadHandler<AnyJobDefinition, infer Output> ? Output : never;

/**
 * Makes the default export of a file that runs a job in a worker thread.
 *
 * Payload and output are cloned on their way between the threads: plain data, `Date`, `Map` and bytes arrive, class
 * instances arrive as plain data, functions do not. Nothing can be injected here.
 *
 * @typeParam Output what it gives to the method that is marked with `@ProcessJob`. Defaults to the job's result; anything
 * that can be cloned when you name it: `threadHandler<typeof RenderPdf, Uint8Array>(RenderPdf, ...)`
 * @param definition the job, best imported from a file that takes `defineJob` from `scalr-queue/thread`
 * @param handle gets the payload and a context like any handler; what it throws is treated like in any handler
 *
 * @example
 * // build-report.thread.ts
 * export default threadHandler(BuildReport, async ({ rows }, ctx) => {
 *   await ctx.progress(50);
 *   return { total: crunch(rows) };
 * });
 */
export function threadHandler<D extends AnyJobDefinition, Output = ReturnedBy<D>>(
  definition: D,
  handle: (payload: PayloadOf<D>, context: JobContext) => NoInfer<Output> | Promise<NoInfer<Output>>,
): ThreadHandler<D, Output> {
  const outcomeOf = async (payload: PayloadOf<D>, context: ThreadContext): Promise<ThreadOutcome> => {
    try {
      if (context.name !== definition.name)
        throw new Error(`this thread file handles "${definition.name}", not "${context.name}"`);
      return context.outcomeOf({ output: await handle(payload, context) });
    } catch (thrown) {
      return context.outcomeOf({ thrown });
    }
  };
  const run = async ({ payload, facts, port, effects, trace }: ThreadTask<PayloadOf<D>>): Promise<string> => {
    const context = new ThreadContext(facts, port, effects);
    await context.end(await inTrace(trace, () => outcomeOf(payload, context)));
    return OUTCOME_SENT;
  };
  return Object.assign(run, { definition, handle });
}

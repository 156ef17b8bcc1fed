import type { JobContext } from '../../contract/job-context.js';
import { defineJob } from '../../contract/job-definition.js';
import { systemClock } from '../../config/clock.js';
import { MemoryJobEffects } from '../../engine/memory/memory.job-effects.js';
import { MemoryJob } from '../../engine/memory/memory.job.js';
import { HandBack } from '../../engine/run-ends.js';
import { Snooze } from '../../contract/control-flow-signals.js';
import { EffectResultError, EffectUnknownError } from '../../contract/errors/effect.errors.js';
import { AttemptContext } from '../attempt.context.js';
import type { FoundUnknown } from '../effects/effect.scope.js';
import { threadHandler } from './thread-handler.js';
import { ThreadRun, type ThreadStarter } from './thread-run.js';

const Report = defineJob('report');

/** Runs of one job in a thread, one after the other; all that crosses is cloned. */
function aJob() {
  const job = new MemoryJob(
    { name: 'report', queue: 'slow', json: 'null', options: { jobId: 'report~7', attempts: 3 } } as never,
    0,
  );
  const notes = new MemoryJobEffects(job, systemClock);
  const drain = new AbortController();
  const unknown: FoundUnknown[] = [];
  const run = (handle: (ctx: JobContext) => unknown) => {
    const attempt = new AbortController();
    const context = new AttemptContext(job, {}, attempt, ({ id, name, signal }) => ({
      notes,
      app: 'app',
      name,
      id,
      enqueuedAt: 0,
      signal,
      drain: drain.signal,
      clock: systemClock,
      lease: 60_000,
      resultLimit: 1_000,
      unknown: (effect) => void unknown.push(effect),
    }));
    const handler = threadHandler<typeof Report, unknown>(Report, (_payload, ctx) => handle(ctx));
    const start = handler as unknown as ThreadStarter;
    return new ThreadRun(context).output(start, null);
  };
  return { job, notes, drain, run, unknown };
}

describe('the effects of a job in a thread', () => {
  it('are noted by the main thread, and are done once', async () => {
    const { run } = aJob();
    const keys: string[] = [];
    const charge = (ctx: JobContext) =>
      ctx.once('charge', ({ idempotencyKey }) => ({ n: keys.push(idempotencyKey) }));
    expect(await run(charge)).toEqual({ n: 1 });
    expect(await run(charge)).toEqual({ n: 1 });
    expect(keys).toHaveLength(1);
  });

  it('end the job as they would in the main thread', async () => {
    const { run, notes, unknown: told } = aJob();
    await notes.claim('busy', 'another', 60_000);
    await expect(run((ctx) => ctx.once('busy', () => 1))).rejects.toBeInstanceOf(Snooze);
    await notes.settle('busy', 'another', { state: 'unknown', dead: false });
    const unknown = run((ctx) =>
      ctx
        .once('busy', () => 1, { onUnknown: 'fail' })
        .catch((cause: unknown) => {
          throw new Error('wrapped', { cause });
        }),
    );
    await expect(unknown).rejects.toBeInstanceOf(EffectUnknownError);
    await expect(unknown).rejects.toThrow(/^whether ctx\.once\("busy"\) has happened is not known/);
    expect(told).toEqual([{ key: 'busy', since: expect.any(Number) as number, outcome: 'dead' }]);
    await expect(run((ctx) => ctx.once('date', () => new Date()))).rejects.toBeInstanceOf(EffectResultError);
  });

  it('are in no transaction: a connection cannot be handed to a thread', async () => {
    const { run } = aJob();
    await expect(run((ctx) => ctx.tx(() => 1))).rejects.toThrow(
      'ctx.tx is not there in a thread: return what',
    );
  });

  it('are refused with the error of whoever notes them', async () => {
    const { run, notes } = aJob();
    vi.spyOn(notes, 'claim').mockRejectedValue(Object.assign(new Error('OOM'), { code: 'E_OOM' }));
    await expect(run((ctx) => ctx.once('a', () => 1))).rejects.toMatchObject({
      message: 'OOM',
      code: 'E_OOM',
    });
  });

  it('go on with their items where the thread had stopped, and stop when the worker closes', async () => {
    const { run, drain } = aJob();
    const seen: string[] = [];
    const list = (stopAt: string, stop: () => void) => async (ctx: JobContext) => {
      for await (const item of ctx.each('letters', ['a', 'b', 'c', 'd'])) {
        seen.push(item);
        if (item === stopAt) stop();
        // A message needs a turn to arrive.
        await new Promise(setImmediate);
        await new Promise(setImmediate);
      }
      return 'all';
    };
    const fail = () => {
      throw new Error('of an item');
    };
    await expect(run(list('b', fail))).rejects.toThrow('of an item');
    await expect(run(list('c', () => drain.abort()))).rejects.toBeInstanceOf(HandBack);
    expect(seen).toEqual(['a', 'b', 'b', 'c']);
  });
});

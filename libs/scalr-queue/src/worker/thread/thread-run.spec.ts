import { Logger } from '@nestjs/common';
import { getEventListeners } from 'node:events';
import { JobContext } from '../../contract/job-context.js';
import { defineJob } from '../../contract/job-definition.js';
import { Discard } from '../../contract/control-flow-signals.js';
import { ThreadRun, type ThreadStarter } from './thread-run.js';
import { threadHandler } from './thread-handler.js';

const Report = defineJob<{ rows: number[] }>('report');

/** The context of an attempt that notes what it is told. */
class Told extends JobContext {
  readonly id = '7';
  readonly queue = 'slow';
  readonly attempt = 2;
  readonly maxAttempts = 5;
  readonly enqueuedAt = new Date(1);
  readonly told: [kind: string, what: unknown][] = [];
  readonly controller = new AbortController();
  override readonly signal = this.controller.signal;

  constructor(
    override readonly name = 'report',
    override readonly scheduledFor?: Date,
  ) {
    super();
  }

  override async progress(value: number | object): Promise<void> {
    this.told.push(['progress', value]);
  }

  override async log(message: unknown): Promise<void> {
    this.told.push(['log', message]);
  }
}

type Handle = (payload: { rows: number[] }, ctx: JobContext) => unknown;

/** Runs what a thread file would export, here: all that crosses is cloned all the same. */
function runOf(handle: Handle, context = new Told()) {
  const handler = threadHandler<typeof Report, unknown>(Report, handle) as unknown as (
    task: Parameters<ThreadStarter>[0],
  ) => Promise<unknown>;
  let killed: AbortSignal | undefined;
  const start: ThreadStarter = (task, kill) => {
    killed = kill;
    return handler(task);
  };
  const output = new ThreadRun(context).output(start, { rows: [1, 2] });
  return { context, output, killed: () => killed?.aborted };
}

/** Lines that were logged as warnings. */
function warnings(): unknown[][] {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  onTestFinished(() => warn.mockRestore());
  return warn.mock.calls;
}

const aborted = ({ signal }: JobContext) =>
  new Promise<never>((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  );

describe('a job in a thread', () => {
  it('gets its payload and the facts of its attempt, and gives its output', async () => {
    const slot = new Date(2);
    const { context, output } = runOf(
      ({ rows }, { id, name, queue, attempt, maxAttempts, enqueuedAt, scheduledFor }) => ({
        rows,
        facts: { id, name, queue, attempt, maxAttempts, enqueuedAt, scheduledFor },
      }),
      new Told('report', slot),
    );
    expect(await output).toEqual({
      rows: [1, 2],
      facts: {
        id: '7',
        name: 'report',
        queue: 'slow',
        attempt: 2,
        maxAttempts: 5,
        enqueuedAt: new Date(1),
        scheduledFor: slot,
      },
    });
    expect(context.told).toEqual([]);
    expect(getEventListeners(context.signal, 'abort')).toEqual([]);
  });

  it('has no slot where it is of no schedule', async () => {
    const { output } = runOf((_payload, ctx) => ctx.scheduledFor === undefined);
    expect(await output).toBe(true);
  });

  it('tells all of its progress and log before its end', async () => {
    const { context, output } = runOf((_payload, ctx) => {
      void ctx.progress(1);
      void ctx.log('first');
      void ctx.log(new RangeError('second'));
      void ctx.log({ n: 3 });
      void ctx.progress({ page: 2 });
      return 'done';
    });
    expect(await output).toBe('done');
    expect(context.told.filter(([kind]) => kind === 'log')).toEqual([
      ['log', 'first'],
      ['log', 'RangeError: second'],
      ['log', '{"n":3}'],
    ]);
    expect(context.told.filter(([kind]) => kind === 'progress').at(-1)).toEqual(['progress', { page: 2 }]);
  });

  it('leaves it to the main thread to say that its progress cannot be stored', async () => {
    const { context, output } = runOf((_payload, ctx) => ctx.progress('50 %' as never));
    await output;
    expect(context.told).toEqual([['progress', Number.NaN]]);
  });

  it('fails with what it threw, as far as that can cross', async () => {
    const { context, output } = runOf(() => {
      throw Object.assign(new RangeError('too much'), { code: 'E_MUCH' });
    });
    await expect(output).rejects.toMatchObject({ name: 'RangeError', message: 'too much', code: 'E_MUCH' });
    expect(getEventListeners(context.signal, 'abort')).toEqual([]);
    await expect(runOf(() => Promise.reject(new Discard('never'))).output).rejects.toBeInstanceOf(Discard);
  });

  it('gives what JSON makes of an output that cannot be cloned, and a warning says so', async () => {
    const warned = warnings();
    expect(await runOf(() => ({ total: 3, format: () => '3' })).output).toEqual({ total: 3 });
    const cycle: { self?: unknown; fn: () => void } = { fn: () => undefined };
    cycle.self = cycle;
    expect(await runOf(() => cycle).output).toBeNull();
    expect(await runOf(() => ({ when: new Date(0) })).output).toEqual({ when: new Date(0) });
    expect(warned.map(([line]) => line)).toEqual([
      expect.stringMatching(
        /^the output of the thread of report cannot cross to the main thread \(.*could not be cloned/,
      ),
      expect.stringContaining('what JSON makes of it counts instead. Return plain data.'),
    ]);
  });

  it('is refused by a file that handles another job', async () => {
    await expect(runOf(() => 'done', new Told('mail')).output).rejects.toThrow(
      'this thread file handles "report", not "mail"',
    );
  });

  it('is not run by a file that exports something else', async () => {
    const context = new Told();
    const start: ThreadStarter = async ({ port }) => {
      port.close();
      return 'done';
    };
    await expect(new ThreadRun(context).output(start, {})).rejects.toThrow(
      'the default export of the thread file is not made by threadHandler()',
    );
    expect(getEventListeners(context.signal, 'abort')).toEqual([]);
  });

  it('hears that its attempt is over, with the reason, and is left alone when it ends by itself', async () => {
    const { context, output, killed } = runOf((_payload, ctx) => aborted(ctx));
    context.controller.abort(Object.assign(new Error('out of time'), { code: 'JOB_TIMEOUT' }));
    await expect(output).rejects.toMatchObject({ message: 'out of time', code: 'JOB_TIMEOUT' });
    expect(killed()).toBe(false);
  });

  it('is killed a quarter of a second after that, when it goes on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const context = new Told();
    let signal: AbortSignal | undefined;
    const start: ThreadStarter = ({ port }, kill) =>
      new Promise((_resolve, reject) => {
        signal = kill;
        kill.addEventListener('abort', () => {
          port.close();
          reject(new Error('killed'));
        });
      });
    const output = new ThreadRun(context).output(start, {});
    const failed = output.catch((error: unknown) => error);
    vi.advanceTimersByTime(10_000);
    expect(signal?.aborted).toBe(false);
    context.controller.abort(new Error('out of time'));
    vi.advanceTimersByTime(249);
    expect(signal?.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal?.aborted).toBe(true);
    expect(await failed).toMatchObject({ message: 'killed' });
  });
});

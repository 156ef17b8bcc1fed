import { Logger } from '@nestjs/common';
import { resolveOptions } from '../config/resolved-options.js';
import { UnhandledJobError } from '../contract/errors/enqueue.errors.js';
import type { WorkerInfo } from '../contract/worker-info.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import { DEFAULT_WATCH_PACE, WorkerWatch } from './worker.watch.js';

const { every, grace } = DEFAULT_WATCH_PACE;
const Mail = { name: 'mail', queue: 'default' };

const warnings: string[] = [];
beforeEach(() => {
  warnings.length = 0;
  vi.useFakeTimers();
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warnings.push(line));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const workerOf = (more: Partial<WorkerInfo> = {}): WorkerInfo => ({
  id: 'one',
  host: 'host',
  pid: 7,
  libraryVersion: '1.0.0',
  queues: ['default'],
  jobs: ['mail'],
  catchAllQueues: [],
  running: 0,
  runningJobs: [],
  counts: [],
  draining: false,
  startedAt: new Date(),
  seenAt: new Date(),
  ...more,
});

/** A process that enqueues, and the workers that it sees. */
function start(unhandled: 'warn' | 'refuse' | 'ignore', workers: WorkerInfo[] = []) {
  const options = resolveOptions({ app: 'shop', redis: 'redis://none.invalid', unhandled }, {});
  const engine = new MemoryEngine(options);
  const list = vi.spyOn(engine.workers, 'list').mockImplementation(async () => workers);
  const watch = new WorkerWatch(engine, options, DEFAULT_WATCH_PACE);
  onTestFinished(() => watch.onApplicationShutdown());
  watch.onModuleInit();
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { engine, list, watch, workers, pass };
}

describe('a job that no worker takes', () => {
  it('is told of after a minute without one, once a minute at most', async () => {
    const { watch, pass } = start('warn');
    watch.note(Mail);
    await pass(grace - 1);
    expect(warnings).toEqual([]);
    await pass(every + 1);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^mail was enqueued into "default", and no live worker has handled it for a minute; none has/,
      ),
    ]);
    watch.note(Mail);
    await pass(every);
    expect(warnings).toHaveLength(1);
    watch.note(Mail);
    await pass(grace);
    watch.note(Mail);
    await pass(every);
    expect(warnings).toHaveLength(2);
  });

  it('is not told of while a worker takes it, or has within the last minute', async () => {
    const { watch, workers, pass } = start('warn', [workerOf()]);
    watch.note(Mail);
    await pass(2 * grace);
    workers.splice(0, 1, workerOf({ draining: true }));
    watch.note(Mail);
    await pass(grace - every);
    expect(warnings).toEqual([]);
    await pass(3 * every);
    watch.note(Mail);
    await pass(every);
    expect(warnings).toHaveLength(1);
  });

  it.each<[string, (app: ReturnType<typeof start>) => void]>([
    ['is away', ({ engine }) => (engine.memory.fault = 'down')],
    ['does not tell', ({ list }) => list.mockRejectedValue(new Error('refused'))],
    ['does not answer', ({ list }) => list.mockImplementation(() => new Promise(() => undefined))],
  ])('is not told of while Redis %s, nor for a minute after', async (_what, begin) => {
    const app = start('warn');
    app.watch.note(Mail);
    await app.pass(grace / 2);
    begin(app);
    await app.pass(2 * grace);
    expect(warnings).toEqual([]);
    app.engine.memory.fault = undefined;
    app.list.mockImplementation(async () => []);
    await app.pass(grace - every);
    expect(warnings).toEqual([]);
    await app.pass(2 * every);
    expect(warnings).toHaveLength(1);
  });

  it('is not looked for while nothing is enqueued, nor after the shutdown, nor where nobody wants to know', async () => {
    const { list, watch, pass } = start('warn');
    await pass(grace);
    expect(list).not.toHaveBeenCalled();
    watch.note(Mail);
    await pass(4 * grace);
    const looks = list.mock.calls.length;
    expect(looks).toBeGreaterThan(grace / every);
    await pass(grace);
    expect(list).toHaveBeenCalledTimes(looks);
    watch.note(Mail);
    await pass(0);
    expect(list).toHaveBeenCalledTimes(looks + 1);
    watch.onApplicationShutdown();
    watch.note(Mail);
    await pass(grace);
    expect(list).toHaveBeenCalledTimes(looks + 1);

    const ignoring = start('ignore');
    ignoring.watch.note(Mail);
    await ignoring.pass(2 * grace);
    expect(ignoring.list).not.toHaveBeenCalled();
  });

  it('is not looked for any more when the look under way at the shutdown has ended', async () => {
    const { list, watch, pass } = start('refuse');
    let answer = (_workers: WorkerInfo[]) => {};
    list.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    await pass(0);
    watch.onApplicationShutdown();
    answer([]);
    await pass(grace);
    expect(list).toHaveBeenCalledTimes(1);
    watch.onModuleInit();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is refused where the app wants that, from a minute after the start on', async () => {
    const { watch, workers, pass } = start('refuse');
    const isRefused = () => {
      try {
        watch.admit(Mail);
        return false;
      } catch (error) {
        return error instanceof UnhandledJobError;
      }
    };
    await pass(grace - every);
    expect(isRefused()).toBe(false);
    await pass(2 * every);
    expect(isRefused()).toBe(true);
    workers.push(workerOf({ queues: ['other'] }));
    await pass(every);
    expect(isRefused()).toBe(true);
    workers.push(workerOf({ id: 'two' }));
    await pass(every);
    expect(isRefused()).toBe(false);

    const lenient = start('warn');
    lenient.watch.note(Mail);
    await lenient.pass(2 * grace);
    expect(() => lenient.watch.admit(Mail)).not.toThrow();
  });
});

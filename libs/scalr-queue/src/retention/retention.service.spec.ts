import { resolveOptions } from '../config/resolved-options.js';
import { defineJob } from '../contract/job-definition.js';
import { toStoredId } from '../engine/job-id.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import type { PreparedJob } from '../engine/prepared-job.js';
import { Retention } from './retention.service.js';

const Payment = defineJob('payment', { queue: 'shop', keep: { dead: { count: 2, age: '1h' } } });
const Noise = defineJob('noise', { queue: 'shop', keep: { completed: { count: 0 }, dead: { count: 0 } } });
const HOUR = 3_600_000;
/** For the first look. */
const SOON_ENOUGH = 1_500;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const app = resolveOptions({ app: 'shop', redis: 'redis://none.invalid' }, {});
  const engine = new MemoryEngine(app);
  const retention = new Retention(engine, app);
  onTestFinished(() => retention.onApplicationShutdown());
  let count = 0;
  const die = async (name: string, times = 1) => {
    for (let k = 0; k < times; k++) {
      const jobId = toStoredId(name, `${count++}`);
      const job: PreparedJob = {
        id: jobId, name, queue: 'shop', json: 'null', contested: false, options: { jobId, timestamp: Date.now() },
      }; // prettier-ignore
      await engine.intake.add(job);
      await engine.jobs.cancel({ name, queue: 'shop', storedId: jobId }, 'discarded {}');
      retention.note('shop');
    }
  };
  const dead = () => engine.finished.count('shop', 'failed');
  return { engine, retention, die, dead };
}

describe('what is kept of finished jobs', () => {
  it('is trimmed a second after one has ended, however many end in it, by the rule of its definition', async () => {
    const { engine, retention, die, dead } = start();
    const trim = vi.spyOn(engine.finished, 'trim');
    retention.watch(['shop'], [Payment]);
    await vi.advanceTimersByTimeAsync(5_000);
    trim.mockClear();
    await die('payment', 5);
    await vi.advanceTimersByTimeAsync(900);
    expect(await dead()).toBe(5);
    await vi.advanceTimersByTimeAsync(200);
    expect(await dead()).toBe(2);
    // None has completed since the last look.
    expect(trim.mock.calls.map(([queue, state]) => `${queue} ${state}`)).toEqual(['shop failed']);
  });

  it('goes when it is old enough, though nothing ends any more', async () => {
    const { retention, die, dead } = start();
    retention.watch(['shop'], [Payment]);
    await die('payment');
    await vi.advanceTimersByTimeAsync(HOUR - 2_000);
    expect(await dead()).toBe(1);
    await vi.advanceTimersByTimeAsync(35_000);
    expect(await dead()).toBe(0);
  });

  it('goes soon after it is old enough, where that is before the next look now and then', async () => {
    const { retention, die, dead } = start();
    retention.watch(['shop'], [defineJob('brief', { queue: 'shop', keep: { dead: { age: '10s' } } })]);
    await die('brief');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(await dead()).toBe(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await dead()).toBe(0);
  });

  it('is trimmed also while jobs end without a pause', async () => {
    const { retention, die, dead } = start();
    retention.watch(['shop'], [Payment]);
    for (let half = 0; half < 20; half++) {
      await die('payment');
      await vi.advanceTimersByTimeAsync(500);
      expect(await dead()).toBeLessThanOrEqual(6);
    }
  });

  it('is looked at by queue, one look at a time, and no more of it once the process goes', async () => {
    const { engine, retention, die } = start();
    retention.watch(['shop', 'post'], [Payment]);
    await vi.advanceTimersByTimeAsync(5_000);
    const count = vi.spyOn(engine.finished, 'count');
    const looks = () => count.mock.calls.map(([queue, state]) => `${queue} ${state}`);
    await die('payment', 5);
    count.mockClear();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(looks()).toEqual(['shop completed', 'shop failed']);

    let end = () => {};
    const held = new Promise<void>((resolve) => (end = resolve));
    const trim = engine.finished.trim.bind(engine.finished);
    vi.spyOn(engine.finished, 'trim').mockImplementationOnce(async (...args) => {
      await held;
      return trim(...args);
    });
    await die('payment', 5);
    count.mockClear();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(looks()).toEqual(['shop completed', 'shop failed']);
    retention.note('post');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(looks()).toHaveLength(2);
    end();
    await vi.advanceTimersByTimeAsync(10);
    expect(looks().slice(2)).toEqual(['post completed', 'post failed']);

    retention.note('post');
    retention.note('shop');
    count.mockClear();
    let answer = () => {};
    const rules = await engine.finished.rules();
    vi.spyOn(engine.finished, 'rules').mockImplementationOnce(
      () => new Promise((resolve) => (answer = () => resolve(rules))),
    );
    await vi.advanceTimersByTimeAsync(1_500);
    await retention.onApplicationShutdown();
    answer();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(looks().length).toBeLessThanOrEqual(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is looked at by others ten seconds after a process has died over it', async () => {
    const { engine, retention, die, dead } = start();
    const trim = engine.finished.trim.bind(engine.finished);
    let hasDied = false;
    vi.spyOn(engine.finished, 'trim').mockImplementation((queue, state, rules) => {
      if (hasDied || state !== 'failed') return trim(queue, state, rules);
      hasDied = true;
      return new Promise(() => undefined);
    });
    retention.watch(['shop'], [Payment]);
    await die('payment', 5);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(hasDied).toBe(true);
    const other = new Retention(engine, resolveOptions({ app: 'shop', redis: 'redis://none.invalid' }, {}));
    onTestFinished(() => other.onApplicationShutdown());
    other.watch(['shop'], [Payment]);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(await dead()).toBe(5);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await dead()).toBe(2);
  });

  it('is looked at now and then in the queues that this process watches, and only there', async () => {
    const { engine, retention } = start();
    const count = vi.spyOn(engine.finished, 'count');
    retention.note('elsewhere');
    await vi.advanceTimersByTimeAsync(240_000);
    expect(count).not.toHaveBeenCalled();
    retention.watch(['shop'], [Payment]);
    await vi.advanceTimersByTimeAsync(185_000);
    // The first look goes through all; those at every minute count only, of each state.
    expect(count.mock.calls.filter(([, state]) => state === 'failed')).toHaveLength(3);
  });

  it('is read once for all queues that are due, and anew where one of them took long', async () => {
    const { engine, retention } = start();
    const [rules, count] = [vi.spyOn(engine.finished, 'rules'), vi.spyOn(engine.finished, 'count')];
    retention.watch(['shop', 'post', 'mail'], [Payment]);
    await vi.advanceTimersByTimeAsync(SOON_ENOUGH);
    expect(rules).toHaveBeenCalledTimes(1);

    rules.mockClear();
    count.mockImplementationOnce(() => new Promise((resolve) => setTimeout(() => resolve(9), 1_500)));
    await vi.advanceTimersByTimeAsync(70_000);
    expect(rules).toHaveBeenCalledTimes(2);
  });

  it('is left to the process that holds the lease, and looked at again soon', async () => {
    const { engine, retention, die, dead } = start();
    retention.watch(['shop'], [Payment]);
    await vi.advanceTimersByTimeAsync(5_000);
    const end = await engine.finished.lease('shop', 'failed', 10_000);
    await die('payment', 5);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await dead()).toBe(5);
    await end!(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await dead()).toBe(2);
  });

  it('is announced for as long as the process lives, and when it goes', async () => {
    const { engine, retention } = start();
    const announce = vi.spyOn(engine.finished, 'announce');
    retention.watch(['shop'], [Payment, Noise]);
    expect([...announce.mock.calls[0]![0].keys()]).toEqual(['payment', 'noise']);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(announce).toHaveBeenCalledTimes(3);
    engine.memory.fault = 'down';
    await vi.advanceTimersByTimeAsync(11_000);
    expect(announce).toHaveBeenCalledTimes(3);
    engine.memory.fault = undefined;
    await retention.onApplicationShutdown();
    expect(announce).toHaveBeenLastCalledWith(announce.mock.calls[0]![0], true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(announce).toHaveBeenCalledTimes(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is announced at the end also of one definition, and not of none', async () => {
    const { engine, retention } = start();
    const announce = vi.spyOn(engine.finished, 'announce');
    retention.watch(['shop'], [Payment]);
    await retention.onApplicationShutdown();
    const calls = announce.mock.calls as unknown[][];
    expect(calls).toEqual([[expect.any(Map)], [expect.any(Map), true]]);
    await start().retention.onApplicationShutdown();
    expect(announce).toHaveBeenCalledTimes(2);
  });

  it('goes on after a look that failed', async () => {
    const { engine, retention, die, dead } = start();
    retention.watch(['shop'], [Payment]);
    await vi.advanceTimersByTimeAsync(5_000);
    vi.spyOn(engine.finished, 'rules').mockRejectedValueOnce(new Error('Connection is closed.'));
    await die('payment', 5);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await dead()).toBe(5);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await dead()).toBe(2);
  });
});

describe('what the engine is told of a job that ends', () => {
  const settled = (retention: Retention, name: string, opts: object = {}) => {
    const job = { name, queueName: 'shop', opts: { ...opts } as Record<string, unknown> };
    retention.settle(job);
    return [job.opts['removeOnComplete'], job.opts['removeOnFail']];
  };

  it('is to keep it, unless nothing of its definition is kept and nobody waits', () => {
    const { retention } = start();
    retention.watch(['shop'], [Payment, Noise]);
    expect(settled(retention, 'payment', { removeOnFail: true })).toEqual([false, false]);
    expect(settled(retention, 'noise')).toEqual([true, true]);
    expect(settled(retention, 'noise', { scalr: { waited: true } })).toEqual([false, false]);
  });

  it('is what a job of other code says itself, else what its worker was told', () => {
    const { retention } = start();
    retention.watch(['shop'], [Payment]);
    expect(settled(retention, 'foreign', { removeOnComplete: true })).toEqual([true, false]);
    retention.watchForeign('shop', { removeOnComplete: { count: 0 }, removeOnFail: 3 });
    expect(settled(retention, 'foreign')).toEqual([true, false]);
    expect(settled(retention, 'foreign', { removeOnComplete: 5 })).toEqual([false, false]);
    retention.watchForeign('shop', {});
    expect(settled(retention, 'foreign')).toEqual([true, false]);
  });
});

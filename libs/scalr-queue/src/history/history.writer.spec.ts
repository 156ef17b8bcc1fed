import { Logger } from '@nestjs/common';
import { vi } from 'vitest';
import { workerOf } from '../../../../test/support/worker-info.js';
import type { HistoryQuery } from '../contract/history.js';
import type { StringChange } from '../engine/history-strings.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { HistoryService } from './history.service.js';
import { HistoryWriter } from './history.writer.js';
import { DAY, MAX_KINDS, MINUTE } from './layout.js';

const MIDNIGHT = Date.parse('2026-05-02T00:00:00Z');

interface Given {
  readonly at?: number;
  readonly history?: false | { readonly days: number };
}

/** A worker that writes history at times of our own, and a service that reads it. */
function make({ at = MIDNIGHT + 12 * 60 * MINUTE, history = { days: 14 } }: Given = {}) {
  const time = { now: at };
  const clock = { now: () => time.now, after: () => () => undefined };
  const engine = new MemoryEngine({ queues: new Map(), clock });
  const events = new JobEvents();
  const writers = { one: new HistoryWriter(engine, events, { history, clock }) };
  const written: (readonly StringChange[])[] = [];
  const write = engine.history.write.bind(engine.history);
  engine.history.write = async (changes) => {
    written.push(changes);
    return write(changes);
  };
  const job = { id: 'j', queue: 'mail', attempt: 1, maxAttempts: 5 };
  const error = { name: 'Error', message: 'x' };
  const did = (outcome: 'completed' | 'retrying' | 'dead', name = 'send', runMs = 7) => {
    engine.types.record({ name, queue: 'mail' });
    if (outcome === 'completed') events.emit('completed', () => ({ ...job, name, runMs }));
    else if (outcome === 'retrying')
      events.emit('retrying', () => ({ ...job, name, runMs, error, delayMs: 1 }));
    else events.emit('dead', () => ({ ...job, name, runMs, error, reason: 'attempts' }));
  };
  const waited = (waitMs: number) => events.emit('started', () => ({ ...job, name: 'send', waitMs }));
  const worker = workerOf({ queues: ['mail'], version: '1.4.0' });
  const service = new HistoryService(engine, { clock });
  return {
    time,
    engine,
    did,
    waited,
    written,
    flush: () => writers.one.end(worker),
    beat: () => writers.one.beat(worker),
    read: (query?: HistoryQuery) => service.read(query),
  };
}

const sum = (column: readonly (number | null)[] = []) =>
  column.reduce<number>((total, value) => total + (value ?? 0), 0);

describe('the history', () => {
  it('tells what was done, by kind and queue, in the minute in which it was', async () => {
    const { time, did, waited, flush, read } = make();
    did('completed');
    did('completed', 'print', 20);
    did('retrying');
    did('dead');
    waited(10);
    waited(3_000);
    await flush();
    time.now += MINUTE;
    did('completed');
    await flush();
    const { t0, step, series, asOf } = await read({ range: '1h' });
    expect([step, (asOf - t0) % step, series.done.length]).toEqual([MINUTE, 0, 60]);
    expect(series.done.slice(-2)).toEqual([2, 1]);
    expect(series.failed.slice(-2)).toEqual([2, 0]);
    expect(series.dead.slice(-2)).toEqual([1, 0]);
    expect(series.runMs.slice(-2)).toEqual([41, 7]);
    expect(series.started!.slice(-2)).toEqual([2, 0]);
    expect(series.waitP50Ms!.slice(-2)).toEqual([50, null]);
    expect(series.waitP95Ms!.slice(-2)).toEqual([5_000, null]);
    const ofPrint = await read({ range: '1h', kind: 'print' });
    expect(ofPrint.series.done.slice(-2)).toEqual([1, 0]);
    expect(ofPrint.series).not.toHaveProperty('started');
    expect(sum((await read({ queue: 'mail' })).series.done)).toBe(3);
    expect(sum((await read({ queue: 'other' })).series.done)).toBe(0);
  });

  it('has a gap where no worker lived, and a zero where one had nothing to do', async () => {
    const { time, flush, read } = make();
    await flush();
    time.now += 3 * MINUTE;
    await flush();
    const { series } = await read({ range: '1h' });
    expect(series.done.slice(-5)).toEqual([null, 0, null, null, 0]);
    expect((await read({ range: '1h', step: '2m' })).series.done.slice(-3)).toEqual([null, 0, 0]);
  });

  it('goes on over a change of day, in both lengths of cells', async () => {
    const { time, did, flush, read } = make({ at: MIDNIGHT - 1 });
    did('completed');
    await flush();
    time.now = MIDNIGHT;
    did('completed');
    did('completed');
    await flush();
    expect((await read({ range: '1h' })).series.done.slice(-2)).toEqual([1, 2]);
    const coarse = await read({ range: '14d', step: '10m' });
    expect(coarse.series.done).toHaveLength(2_016);
    expect(coarse.series.done.slice(-2)).toEqual([1, 2]);
  });

  it('adds up what it tells: the cells of ten minutes hold what those of a minute do', async () => {
    const { time, did, flush, read } = make();
    for (let minute = 0; minute < 25; minute++) {
      for (let n = 0; n <= minute; n++) did('completed');
      await flush();
      time.now += MINUTE;
    }
    const fine = await read({ range: '6h' });
    const coarse = await read({ range: '6h', step: '10m' });
    expect(sum(fine.series.done)).toBe(325);
    expect(sum(coarse.series.done)).toBe(325);
  });

  it.each([0, -1, Date.parse('2100-01-01'), 1e15])(
    'writes into no other place when its clock jumps to %s',
    async (jump) => {
      const { time, did, flush, written, read } = make();
      const now = time.now;
      did('completed');
      await flush();
      time.now = jump;
      did('dead');
      await flush();
      for (const { bits, fields, string } of written.flat())
        for (const { index } of fields) {
          const bytes = string.series.endsWith('10') ? 144 * 39 : 1_440 * 39;
          expect(index).toBeGreaterThanOrEqual(0);
          expect((index + 1) * bits).toBeLessThanOrEqual(8 * bytes);
        }
      time.now = now;
      const { series } = await read({ range: '1h' });
      expect([sum(series.done), sum(series.dead)]).toEqual([1, 0]);
    },
  );

  it('stays at the largest number that a cell holds', async () => {
    const { did, flush, read } = make();
    did('completed', 'send', 2 ** 32);
    await flush();
    did('completed', 'send', 2 ** 31);
    await flush();
    const { series } = await read({ range: '1h' });
    expect(series.runMs.at(-1)).toBe(2 ** 32 - 1);
    expect(series.done.at(-1)).toBe(2);
  });

  it('has two hundred kinds, and the others as one', async () => {
    const { did, flush, read, engine } = make();
    for (let n = 0; n < MAX_KINDS + 5; n++) did('completed', `kind-${n}`);
    await flush();
    expect((await engine.types.entries()).length).toBe(MAX_KINDS + 5);
    expect(sum((await read({ range: '1h' })).series.done)).toBe(MAX_KINDS + 5);
    expect(sum((await read({ range: '1h', kind: 'other' })).series.done)).toBe(5);
    expect(sum((await read({ range: '1h', kind: `kind-${MAX_KINDS}` })).series.done)).toBe(0);
  });

  it('is written at most once in a heartbeat, and by an idle worker once a minute, a bit', async () => {
    const { time, did, beat, written } = make();
    const clock = vi.spyOn(performance, 'now');
    onTestFinished(() => clock.mockRestore());
    let real = 1_000;
    clock.mockImplementation(() => real);
    const pass = async (ms: number) => {
      real += ms;
      time.now += ms;
      await beat();
    };
    await pass(0);
    expect(written).toHaveLength(1);
    did('completed');
    await pass(100);
    expect(written).toHaveLength(1);
    await pass(5_000);
    expect(written).toHaveLength(2);
    for (let beats = 0; beats < 60; beats++) await pass(5_000);
    expect(written).toHaveLength(7);
    // From the third mark on nothing but that.
    expect(written.at(-1)).toEqual([
      {
        string: expect.objectContaining({ series: 'a' }) as unknown,
        bits: 1,
        fields: [expect.anything(), expect.anything()],
      },
    ]);
  });

  it('is not written where it is off: nothing is counted, and no version noted', async () => {
    const { did, waited, flush, beat, written, engine } = make({ history: false });
    did('completed');
    waited(1);
    await beat();
    await flush();
    expect(written).toEqual([]);
    expect(await engine.workers.versions()).toEqual([]);
  });

  it('says once that it is refused, once that it is not any more, and drops what was', async () => {
    const { time, did, flush, read, engine } = make();
    const [warn, log] = [vi.spyOn(Logger.prototype, 'warn'), vi.spyOn(Logger.prototype, 'log')];
    onTestFinished(() => void vi.restoreAllMocks());
    [warn, log].forEach((spy) => spy.mockImplementation(() => undefined));
    const write = engine.history.write.bind(engine.history);
    engine.history.write = async (changes) =>
      changes.map(() => new Error('OOM command not allowed')) as never;
    for (const _time of [1, 2]) {
      did('completed');
      await flush();
      time.now += MINUTE;
    }
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/history.*OOM command not allowed/)]]);
    // As a worker tells its version all the same.
    expect(await engine.workers.versions()).toMatchObject([{ version: '1.4.0' }]);
    engine.history.write = write;
    did('completed');
    await flush();
    expect(log.mock.calls).toEqual([['Redis takes the history of this app again']]);
    expect((await read({ range: '1h' })).series.done.slice(-3)).toEqual([null, null, 1]);
  });

  it('tells which versions came in that time', async () => {
    const { time, flush, read, engine } = make();
    await engine.workers.noteVersion(workerOf({ version: '1.3.0', seenAt: new Date(time.now - 2 * DAY) }));
    await engine.workers.noteVersion(workerOf({ version: '1.4.0', seenAt: new Date(time.now) }));
    await flush();
    expect((await read()).deploys.map(({ version }) => version)).toEqual(['1.4.0']);
    expect((await read({ range: '14d' })).deploys.map(({ version }) => version)).toEqual(['1.4.0', '1.3.0']);
  });

  it.each([
    [{ range: '2h' }, /expected range to be one of "1h"/],
    [{ range: '1h', step: 1_500 }, /expected step/],
    [{ range: '14d', step: '1m' }, /multiple of 10 min/],
    [{ range: '1h', step: '90s' }, /multiple of 1 min/],
    [{ kind: '' }, /expected kind/],
    [{ kinds: 'send' }, /kinds/],
  ])('refuses %j', async (query, message) => {
    await expect(make().read(query as never)).rejects.toThrow(message);
  });
});

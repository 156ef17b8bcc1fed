import 'reflect-metadata';
import { type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { defineJob, Discard, EnqueueService, type JobContext, JobsService, Snooze } from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { handlerOf, untilAborted } from '../../../../test/conformance/driver.js';
import { differences, show } from './difference.js';
import { ScalrQueueTestingModule } from './testing.module.js';
import type { TestingModuleOptions } from './testing.options.js';
import { TestQueue } from './test.queue.js';
import { VirtualClock } from './virtual.clock.js';

const NOON = Date.parse('2026-03-01T12:00Z');
const One = defineJob<{ n: number }>('one', { queue: 'mail', retry: false });
const Other = defineJob('other');

async function kit(handlers: Type[], options: TestingModuleOptions = {}) {
  const imports = [ScalrQueueTestingModule.forRoot({ now: NOON, patience: 0, ...options })];
  const module = await Test.createTestingModule({ imports, providers: handlers }).compile();
  const [queue, jobs, enqueue] = [module.get(TestQueue), module.get(JobsService), module.get(EnqueueService)];
  const stateOf = async (id: string) => (await jobs.get(id))?.state;
  return { module, queue, jobs, enqueue, stateOf };
}

const NOTHING = { completed: 0, retrying: 0, postponed: 0, dead: 0, cancelled: 0 };

describe('a drain', () => {
  it('counts how each attempt ended', async () => {
    const ends: Record<number, () => unknown> = {
      1: () => 'done',
      2: () => {
        throw new Snooze('1m');
      },
      3: () => {
        throw new Discard('no');
      },
    };
    const handler = handlerOf(One, ({ n }) => ends[n]!());
    const { queue, enqueue } = await kit([handler]);
    for (const n of [1, 1, 2, 3]) await enqueue.enqueue(One, { n });
    // Nobody handles it: it is put aside.
    await enqueue.enqueue(Other);
    expect(await queue.drain()).toEqual({ ...NOTHING, completed: 2, postponed: 2, dead: 1 });
    expect(await queue.drain()).toEqual(NOTHING);
    expect(queue.enqueued().map(({ name }) => name)).toEqual(['one', 'one', 'one', 'one', 'other']);
    expect(queue.enqueued(One).map(({ payload }) => payload.n)).toEqual([1, 1, 2, 3]);
  });

  it('counts a job that was cancelled while it ran for that, and for nothing else', async () => {
    const started: string[] = [];
    const handler = handlerOf(One, async (_payload: { n: number }, context: JobContext) => {
      started.push(context.id);
      await jobs.cancel(context.id);
      await untilAborted(context);
      throw context.signal.reason;
    });
    const { queue, jobs, enqueue } = await kit([handler]);
    const { id } = await enqueue.enqueue(One, { n: 1 });
    expect(await queue.drain()).toEqual({ ...NOTHING, cancelled: 1 });
    expect(started).toEqual([id]);
    expect(await jobs.get(id)).toMatchObject({ state: 'dead', reason: 'cancelled' });
  });

  it('says which job enqueues itself without end', async () => {
    const again = handlerOf(One, ({ n }) => enqueue.enqueue(One, { n: n + 1 }));
    const { queue, enqueue } = await kit([again]);
    await enqueue.enqueue(One, { n: 1 });
    await expect(queue.drain()).rejects.toThrow(
      '10000 jobs ran at this one moment: does one enqueue itself without end?',
    );
    expect(queue.enqueued(One)).toHaveLength(10_001);
  }, 60_000);

  it('runs nothing while the queue is down, and waits for what takes its time', async () => {
    let end = () => {};
    const slow = handlerOf(One, () => new Promise<void>((resolve) => (end = resolve)));
    const { queue, enqueue, stateOf } = await kit([slow], { patience: 60_000 });
    const { id } = await enqueue.enqueue(One, { n: 1 });
    queue.down();
    expect(await queue.drain()).toEqual(NOTHING);
    queue.up();
    const draining = queue.drain();
    await vi.waitFor(async () => expect(await stateOf(id)).toBe('running'), { timeout: 10_000 });
    end();
    expect(await draining).toEqual({ ...NOTHING, completed: 1 });
    expect(queue.now).toEqual(new Date(NOON));
  });
});

describe('time', () => {
  it('passes to each job that is due on the way, and ends where it was told to', async () => {
    const at: number[] = [];
    const { queue, enqueue } = await kit([handlerOf(One, () => at.push(+queue.now - NOON))]);
    for (const delay of ['3s', '1s', '10s', '11s'] as const) await enqueue.enqueue(One, { n: 1 }, { delay });
    expect(await queue.advance('10s')).toEqual({ ...NOTHING, completed: 3 });
    expect(at).toEqual([1_000, 3_000, 10_000]);
    expect(+queue.now - NOON).toBe(10_000);
    await queue.travel('1h');
    expect(at).toHaveLength(3);
    expect(await queue.drain()).toEqual({ ...NOTHING, completed: 1 });
    expect(at.at(-1)).toBe(3_610_000);
  });

  it('moves a clock on and never back, and rings in order what is due', () => {
    const clock = new VirtualClock(100);
    const rung: [string, number][] = [];
    const ring = (name: string) => () => rung.push([name, clock.now()]);
    expect(clock.next).toBe(Infinity);
    clock.after(20, ring('b'));
    clock.after(10, ring('a'));
    clock.after(15, () => clock.after(2, ring('of an alarm')));
    const disarm = clock.after(12, ring('disarmed'));
    clock.after(50, ring('later'));
    disarm();
    expect(clock.next).toBe(110);
    clock.moveTo(120);
    expect(rung).toEqual([
      ['a', 110],
      ['of an alarm', 117],
      ['b', 120],
    ]);
    expect([clock.now(), clock.next]).toEqual([120, 150]);
    clock.moveTo(90);
    expect(clock.now()).toBe(120);
    clock.moveTo(149);
    expect(rung).toHaveLength(3);
  });
});

describe('one attempt', () => {
  it('has the context that the test gives', async () => {
    const handler = handlerOf(One, (_payload: { n: number }, { context }: JobContext) => context.tenant);
    const { queue } = await kit([handler]);
    const context = { tenant: 'acme' };
    expect(await queue.runJob(One, { n: 1 }, { context })).toMatchObject({ result: 'acme' });
  });

  it('is given what the test says of it', async () => {
    const seen: unknown[] = [];
    const handler = handlerOf(One, (payload: { n: number }, { id, attempt, scheduledFor }: JobContext) => {
      seen.push([payload, id, attempt, scheduledFor]);
    });
    const { queue } = await kit([handler]);
    const scheduledFor = new Date(NOON - 1_000);
    const options = { id: 'j', attempt: 2, scheduledFor, retry: { attempts: 3 } };
    expect(await queue.runJob(One, { n: 7 }, options)).toEqual({
      status: 'completed',
      result: undefined,
      logs: [],
    });
    await queue.runJob(One, { n: 8 }, { id: 'k' });
    expect(seen).toEqual([
      [{ n: 7 }, 'j', 2, scheduledFor],
      [{ n: 8 }, 'k', 1, undefined],
    ]);
    // Nothing of it is enqueued.
    queue.expectNotEnqueued();
    await expect(queue.runJob(One, { n: 1 }, { attempt: 2 })).rejects.toThrow(
      'expected attempt to be an integer from 1 to 1, got: 2',
    );
    await expect(queue.runJob(Other, undefined)).rejects.toThrow(
      'no provider of the testing module has a @ProcessJob for "other": add the processor to its providers, or import its module. Handlers there are for: one',
    );
    const empty = await kit([]);
    await expect(empty.queue.runJob(Other, undefined)).rejects.toThrow('Handlers there are for: no job');
  });
});

describe('the options of the kit', () => {
  it('are few, and checked', async () => {
    for (const [options, message] of [
      [{ mode: 'later' }, 'expected mode to be'],
      [{ now: 'noon' }, 'expected now to be a valid Date or epoch milliseconds'],
      [{ now: new Date(NaN) }, 'expected now to be a valid Date or epoch milliseconds'],
      [{ now: Infinity }, 'expected now to be a valid Date or epoch milliseconds'],
      [{ patience: -1 }, 'expected patience to be an integer from 0 to 600000'],
      [{ patience: 600_001 }, 'expected patience to be an integer from 0 to 600000'],
    ] as const)
      await expect(async () => kit([], options as never)).rejects.toThrow(message);
    expect((await kit([], { now: new Date(NOON + 1) })).queue.now).toEqual(new Date(NOON + 1));
    const before = Date.now();
    const { queue } = await kit([], { now: undefined });
    expect(+queue.now).toBeGreaterThanOrEqual(before);
    expect(+queue.now).toBeLessThanOrEqual(Date.now());
  });

  it('take the name of the app from the environment, and need none', async () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const [set, name] of [
      [undefined, 'test'],
      ['billing', 'billing'],
    ] as const) {
      vi.stubEnv('SCALR_APP', set);
      const { module } = await kit([]);
      const { app } = module.get<{ app: string }>((await import('../config/tokens.js')).RESOLVED_OPTIONS, {
        strict: false,
      });
      expect(app).toBe(name);
    }
  });
});

describe('a difference', () => {
  it('is told where it is, and a part of an object is enough', () => {
    const actual = { to: 'ann', lines: [1, { n: 2 }], at: new Date(0), none: null };
    expect(differences('payload', { to: 'ann', lines: [1, { n: 2 }] }, actual)).toEqual([]);
    expect(differences('payload', { to: expect.any(String), at: new Date(0), none: null }, actual)).toEqual(
      [],
    );
    expect(differences('payload', { to: 'bob', lines: [1, { n: 3 }], at: new Date(1) }, actual)).toEqual([
      "payload.to: expected 'bob', got 'ann'",
      'payload.lines[1].n: expected 3, got 2',
      'payload.at: expected 1970-01-01T00:00:00.001Z, got 1970-01-01T00:00:00.000Z',
    ]);
    expect(differences('payload', { lines: [1] }, actual)).toEqual([
      'payload.lines: expected [ 1 ], got [ 1, { n: 2 } ]',
    ]);
    expect(differences('payload', { none: {}, to: expect.any(Number) }, actual)).toEqual([
      'payload.none: expected {}, got null',
      expect.stringMatching(/^payload\.to: expected .*Number.*, got 'ann'$/),
    ]);
    expect(differences('payload', [], {})).toEqual(['payload: expected [], got {}']);
  });

  it('is cut where it is long', () => {
    expect(show({ b: 1, a: { c: [] } })).toBe('{ a: { c: [] }, b: 1 }');
    expect(show('x'.repeat(300))).toBe(`'${'x'.repeat(200)}'... 100 more characters`);
    const long = show(Array.from({ length: 20 }, () => 'y'.repeat(100)));
    expect(long).toHaveLength(1_003);
    expect(long.endsWith('...')).toBe(true);
  });
});

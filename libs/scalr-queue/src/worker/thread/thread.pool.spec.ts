import { Logger } from '@nestjs/common';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi, type MockInstance } from 'vitest';
import { eventually } from '../../../../../test/support/eventually.js';
import type { JobContext } from '../../contract/job-context.js';
import { JobThreadError } from '../../contract/errors/thread.errors.js';
import { ThreadPool } from './thread.pool.js';

/** A pool of threads that run this code, as `threadHandler` would make it; `end(output)` is its last word. */
async function poolOf(code: string) {
  const dir = await mkdtemp(join(tmpdir(), 'scalr-thread-'));
  const file = join(dir, 'work.mjs');
  const body = `let runs = 0;
    export default async ({ payload, port }) => {
      const end = (output) => { port.postMessage({ outcome: { output } }); port.close(); };
      runs++;
      ${code}
      return 'scalr-queue: outcome sent';
    };`;
  await writeFile(file, body);
  const pool = new ThreadPool('Reports.build', file);
  onTestFinished(async () => {
    await pool.close();
    await rm(dir, { recursive: true, force: true });
  });
  const calls: string[] = [];
  const clock = {
    stop: () => void calls.push('stop'),
    admit: async () => void calls.push('admit'),
    start: () => void calls.push('start'),
  };
  const { signal } = new AbortController();
  const context = { id: '7', name: 'report', signal } as unknown as JobContext;
  return { pool, calls, run: (payload?: unknown) => pool.run(payload, context, clock) };
}

describe('the threads of a handler', () => {
  it('run a job, whose time counts from when a thread is free', async () => {
    const { run, calls } = await poolOf('end({ got: payload, runs });');
    expect(await run('first')).toEqual({ got: 'first', runs: 1 });
    expect(calls).toEqual(['stop', 'admit', 'start']);
    // The same thread, as long as it has been idle for a short time only.
    expect(await run('second')).toEqual({ got: 'second', runs: 2 });
  });

  it('end when they have had no job for a while, the last one too', async () => {
    const { setTimeout } = globalThis;
    const timers = vi.spyOn(globalThis, 'setTimeout') as unknown as MockInstance<typeof setTimeout>;
    onTestFinished(() => timers.mockRestore());
    timers.mockImplementation((work: () => void, ms?: number) => setTimeout(work, ms === 30_000 ? 20 : ms));
    const { run } = await poolOf('end(runs);');
    expect(await run()).toBe(1);
    // A thread that went on would count further.
    await eventually(async () => expect(await run()).toBe(1), { interval: 250 });
    expect(timers.mock.calls.some(([, ms]) => ms === 30_000)).toBe(true);
  });

  it('may die without a job, which ends nothing else and is logged', async () => {
    const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    onTestFinished(() => error.mockRestore());
    const { run } = await poolOf(`end(runs); setTimeout(() => { throw new Error('too late'); }, 20);`);
    expect(await run()).toBe(1);
    await vi.waitFor(
      () => expect(error.mock.calls).toEqual([['a thread of Reports.build died without a job: too late']]),
      { timeout: 5_000 },
    );
    expect(await run()).toBe(1);
  });

  it('fail a job whose thread dies with it, and one that comes when they are closed', async () => {
    const { pool, run } = await poolOf('process.exit(3);');
    await expect(run()).rejects.toBeInstanceOf(JobThreadError);
    await pool.close();
    await expect(run()).rejects.toThrow('the worker is closed');
  });
});

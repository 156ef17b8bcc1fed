import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { createHook } from 'node:async_hooks';
import {
  defineJob,
  EnqueueService,
  type JobContext,
  type JobHook,
  ProcessJob,
  type ScalrQueueOptions,
} from 'scalr-queue';
import { ScalrQueueTestingModule, TestQueue } from 'scalr-queue/testing';
import { vi } from 'vitest';
import { HandlerEnhancers } from './handler.enhancers.js';
import { JobHooks } from '../hooks/job.hooks.js';

const Quick = defineJob<number>('quick');
const JOBS = 50;

class Quicks {
  @ProcessJob(Quick)
  async quick() {}
}

class Passing implements JobHook {
  attempt(_context: JobContext, next: () => Promise<unknown>) {
    return next();
  }
}

const admitting = { provide: APP_GUARD, useValue: { canActivate: () => true } };

async function appOf(options: Omit<ScalrQueueOptions, 'redis'> = {}, providers: object[] = []) {
  const module = await Test.createTestingModule({
    imports: [ScalrQueueTestingModule.forRoot({ ...options })],
    providers: [Quicks, ...(providers as never[])],
  }).compile();
  onTestFinished(() => module.close());
  const [queue, jobs] = [module.get(EnqueueService), module.get(TestQueue)];
  return async () => {
    for (let n = 0; n < JOBS; n++) await queue.enqueue(Quick, n);
    expect(await jobs.drain()).toMatchObject({ completed: JOBS });
  };
}

/** Promises that are made meanwhile: the fewest of some rounds, for the test runner makes some too. */
async function promisesOf(run: () => Promise<void>): Promise<number> {
  // What is made once.
  await run();
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++) {
    let made = 0;
    const hook = createHook({ init: (_id, type) => void (type === 'PROMISE' && made++) }).enable();
    await run();
    hook.disable();
    rounds.push(made);
  }
  return Math.min(...rounds);
}

describe('a job of an app without hooks and enhancers', () => {
  it('goes through none of their code', async () => {
    const spies = [vi.spyOn(JobHooks.prototype, 'enqueue'), vi.spyOn(JobHooks.prototype, 'attempt')];
    const around = vi.spyOn(HandlerEnhancers.prototype, 'around');
    onTestFinished(() => void vi.restoreAllMocks());
    await (
      await appOf()
    )();
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    // Asked once for a handler, and not for its jobs: there is nothing around it.
    expect(around.mock.results).toEqual([{ type: 'return', value: undefined }]);
    await (
      await appOf({ hooks: [Passing] })
    )();
    for (const spy of spies) expect(spy).toHaveBeenCalledTimes(JOBS);
  });

  it('costs not one promise more where it might have some', async () => {
    const plain = await promisesOf(await appOf());
    expect(await promisesOf(await appOf({ hooks: [], enhancers: { global: true } }))).toBe(plain);
    expect(await promisesOf(await appOf({}, [admitting]))).toBe(plain);
    // Which a hook and a guard do.
    expect(await promisesOf(await appOf({ hooks: [Passing] }))).toBeGreaterThanOrEqual(plain + JOBS);
    const guarded = await appOf({ enhancers: { global: true } }, [admitting]);
    expect(await promisesOf(guarded)).toBeGreaterThanOrEqual(plain + JOBS);
  });
});

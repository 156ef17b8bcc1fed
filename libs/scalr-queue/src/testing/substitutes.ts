import type { FactoryProvider } from '@nestjs/common';
import { type ResolvedOptions, resolveOptions } from '../config/resolved-options.js';
import type { ScalrQueueOptions } from '../config/scalr-queue.options.js';
import { GIVEN_OPTIONS, RESOLVED_OPTIONS } from '../config/tokens.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { InFlightLimit } from '../producer/in-flight.limit.js';
import { JobSender } from '../producer/job.sender.js';
import { Tracing } from '../tracing/tracing.js';
import { ThreadPools } from '../worker/thread/thread.pools.js';
import { TestOutbox } from './test.outbox.js';
import { TEST_OPTIONS, TestHarness } from './test.harness.js';
import { TestSender } from './test.sender.js';
import { TestThreadPools } from './test.thread-pools.js';
import type { CheckedTestOptions } from './testing.options.js';
import { VirtualClock } from './virtual.clock.js';

type Token = NonNullable<FactoryProvider['inject']>[number];

/**
 * What the kit puts in the place of production, beside the engine (`TestEngineModule`); everything else is the real thing.
 *
 * - the options: the clock of the test is one of them, and no Redis is needed;
 * - the pools of threads: where tests run the sources there is no built file for a thread;
 * - what sends: in the inline mode a job has run before the call returns. An engine could not do that, as the call gives it a second.
 */
export const SUBSTITUTES: readonly FactoryProvider[] = [
  {
    provide: RESOLVED_OPTIONS,
    inject: [VirtualClock, TEST_OPTIONS, GIVEN_OPTIONS],
    useFactory: resolveForTest,
  },
  substitute(ThreadPools, [Tracing], TestThreadPools),
  substitute(JobSender, [QueueEngine, InFlightLimit, JobEvents, Tracing, TestHarness], TestSender),
];

/** The arguments of the constructor are what Nest finds for the tokens. */
function substitute<T extends object>(
  provide: abstract new (...args: never[]) => T,
  inject: readonly Token[],
  type: new (...args: never[]) => T,
): FactoryProvider {
  return { provide, inject: [...inject], useFactory: (...args: never[]) => new type(...args) };
}

/**
 * The options of the app; Redis is not needed, and neither is a name. Whether a worker lives is up to the test, and it reads outcomes:
 * lines about jobs that die on purpose, and about handlers in a process without a worker, would only hide what is wrong.
 */
function resolveForTest(
  clock: VirtualClock,
  { transaction }: CheckedTestOptions,
  given: ScalrQueueOptions,
): ResolvedOptions {
  const { redis: _redis, ...options } = given;
  const resolved = resolveOptions({
    app: process.env['SCALR_APP'] || 'test',
    ...options,
    redis: 'redis://none.invalid',
  });
  const outbox = new TestOutbox(resolved.outbox, transaction);
  return { ...resolved, clock, outbox, unhandled: 'ignore', reports: { jobs: false, idleHandlers: false } };
}

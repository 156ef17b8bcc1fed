import type { FactoryProvider } from '@nestjs/common';
import { BullRegistrations } from '../engine/redis/bull.registrations.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { MemoryWorkerEngine } from '../engine/memory/memory.worker-engine.js';
import { RedisWorkerEngine } from '../engine/redis/worker/redis.worker-engine.js';
import { Preflight } from '../engine/redis/preflight/preflight.js';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { RedisEngine } from '../engine/redis/redis.engine.js';
import { fromStoredId } from '../engine/job-id.js';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import { JobEventLog } from '../observability/job-event.log.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { type ResolvedOptions, resolveOptions } from '../config/resolved-options.js';
import type { ScalrQueueOptions } from '../config/scalr-queue.options.js';
import { GIVEN_OPTIONS, RESOLVED_OPTIONS } from '../config/tokens.js';
import { JobSender } from '../producer/job.sender.js';
import { InFlightLimit } from '../producer/in-flight.limit.js';
import { Tracing } from '../tracing/tracing.js';
import { CancelWatcher } from '../worker/cancel.watcher.js';
import { IdleHandlers } from '../worker/idle-handlers.js';
import { RunningJobs } from '../worker/running.jobs.js';
import { ThreadPools } from '../worker/thread/thread.pools.js';
import { EnqueueLog } from './enqueue.log.js';
import { MemoryConnections, MemoryRegistry } from './memory.connections.js';
import { TestSender } from './test.sender.js';
import { TestStage } from './test.stage.js';
import { VirtualClock } from './virtual.clock.js';
import { TestThreadPools } from './test.thread-pools.js';

type Sender = ConstructorParameters<typeof TestSender>;
type Token = NonNullable<FactoryProvider['inject']>[number];

/** All that reaches for Redis in production, and what the kit puts in its place; everything else is the real thing. */
export const SUBSTITUTES: readonly FactoryProvider[] = [
  replace(RESOLVED_OPTIONS, [VirtualClock, GIVEN_OPTIONS], resolveForTest),
  replace(RedisEngine, [RESOLVED_OPTIONS, VirtualClock, EnqueueLog], makeEngine),
  replace(JobSender, [QueueEngine, InFlightLimit, JobEvents, Tracing, TestStage], (...args: Sender) => {
    return new TestSender(...args);
  }),
  standIn(RedisConnections, [QueueEngine], MemoryConnections),
  standIn(QueueRegistry, [QueueEngine], MemoryRegistry),
  replace(RedisWorkerEngine, [RESOLVED_OPTIONS], (app: ResolvedOptions) => new MemoryWorkerEngine(app)),
  replace(BullRegistrations, [], () => ({ isForeign: () => false })),
  replace(Preflight, [], () => ({ passed: true, findings: [] })),
  substitute(ThreadPools, [Tracing], TestThreadPools),
  // The queue of the test runs the handlers, in whatever application they are.
  replace(IdleHandlers, [], () => ({ warn: () => undefined })),
  // A test reads outcomes; lines about jobs that die on purpose would only hide what is wrong.
  replace(JobEventLog, [], () => ({})),
  // It has both the running jobs and the engine in reach.
  replace(CancelWatcher, [QueueEngine, RunningJobs], (engine: MemoryEngine, running: RunningJobs) => {
    engine.jobs.requestCancel = ({ queueName, id }) =>
      running.abort(queueName, id, new JobCancelledError(fromStoredId(id)));
    return {};
  }),
];

/** The arguments of the constructor are what Nest finds for the tokens; the class has all that can be called on what it replaces. */
function substitute<T extends object>(
  provide: abstract new (...args: never[]) => T,
  inject: readonly Token[],
  type: new (...args: never[]) => Pick<T, keyof T>,
): FactoryProvider {
  return replace(provide, inject, (...args: never[]) => new type(...args));
}

/** For what gives objects of the engine: the class has all of its names, and other objects. */
function standIn<T extends object>(
  provide: abstract new (...args: never[]) => T,
  inject: readonly Token[],
  type: new (...args: never[]) => Record<keyof T, unknown>,
): FactoryProvider {
  return replace(provide, inject, (...args: never[]) => new type(...args));
}

function replace(
  provide: Token,
  inject: readonly Token[],
  make: (...args: never[]) => object,
): FactoryProvider {
  return { provide: provide as never, inject: [...inject], useFactory: make };
}

/** The options of the app; Redis is not needed, and neither is a name. Whether a worker lives is up to the test. */
function resolveForTest(clock: VirtualClock, given: ScalrQueueOptions) {
  const { redis: _redis, ...options } = given;
  const resolved = resolveOptions({
    app: process.env['SCALR_APP'] || 'test',
    ...options,
    redis: 'redis://none.invalid',
  });
  return { ...resolved, clock, unhandled: 'ignore' as const };
}

function makeEngine(app: ResolvedOptions, clock: VirtualClock, log: EnqueueLog): MemoryEngine {
  const engine = new MemoryEngine(app, clock);
  engine.intake.onAdded = (job) => log.add(job);
  return engine;
}

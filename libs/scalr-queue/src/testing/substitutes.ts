import type { FactoryProvider } from '@nestjs/common';
import { BacklogGuard } from '../engine/redis/backlog.guard.js';
import { BullRegistrations } from '../engine/redis/bull.registrations.js';
import { JobCatalog } from '../engine/redis/job.catalog.js';
import { JobCounts } from '../engine/redis/job.counts.js';
import { Preflight } from '../engine/redis/preflight/preflight.js';
import { QueueRegistry } from '../engine/redis/queue.registry.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { RedisProbe } from '../engine/redis/connection/redis.probe.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
import { DeadLetterActions } from '../dead-letter/dead-letter.actions.js';
import { DeadLetterScanner } from '../dead-letter/dead-letter.scanner.js';
import { JobCanceller } from '../inspection/job.canceller.js';
import { AppState } from '../inspection/app.state.js';
import { JobExplainer } from '../inspection/job.explainer.js';
import { JobLister } from '../inspection/job.lister.js';
import { JobReader } from '../inspection/job.reader.js';
import { JobWaiter } from '../inspection/job.waiter.js';
import { QueuePinger } from '../inspection/queue.pinger.js';
import { QueueReader } from '../engine/redis/queue.reader.js';
import { RedisStateReader } from '../metrics/redis-state.reader.js';
import { JobEventLog } from '../observability/job-event.log.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { resolveOptions } from '../config/resolved-options.js';
import type { ScalrQueueOptions } from '../config/scalr-queue.options.js';
import { GIVEN_OPTIONS, RESOLVED_OPTIONS } from '../config/tokens.js';
import { JobSender } from '../producer/job.sender.js';
import { WorkerWatch } from '../producer/worker.watch.js';
import { ScheduleHash } from '../engine/redis/schedule.hash.js';
import { SlotQueue } from '../scheduling/slot.queue.js';
import { Tracing } from '../tracing/tracing.js';
import { AsideNotes } from '../engine/redis/aside.notes.js';
import { CancelWatcher } from '../worker/cancel.watcher.js';
import { IdleHandlers } from '../worker/idle-handlers.js';
import { RunningJobs } from '../worker/running.jobs.js';
import { ThreadPools } from '../worker/thread/thread.pools.js';
import { EnqueueLog } from './enqueue.log.js';
import { MemoryBacklog, MemoryCatalog, MemoryConnections, MemoryRegistry } from './memory.connections.js';
import { MemoryAsideNotes } from './memory.aside.js';
import { MemoryDeadLetterActions, MemoryDeadLetters } from './memory.dead-letters.js';
import { MemoryCounts } from './memory.counts.js';
import { MemoryEngine } from './memory.engine.js';
import { MemoryCanceller, MemoryWaiter } from './memory.jobs.js';
import { MemoryPinger, MemoryProbe, MemoryWatch, MemoryWorkers } from './memory.health.js';
import { MemoryExplainer, MemoryLister, MemoryQueueReader, MemoryReader } from './memory.reader.js';
import { MemoryScheduleHash, MemorySlotQueue } from './memory.schedules.js';
import { MemorySender } from './memory.sender.js';
import { TestThreadPools } from './test.thread-pools.js';

type Token = NonNullable<FactoryProvider['inject']>[number];

/** All that reaches for Redis in production, and what the kit puts in its place; everything else is the real thing. */
export const SUBSTITUTES: readonly FactoryProvider[] = [
  replace(RESOLVED_OPTIONS, [MemoryEngine, GIVEN_OPTIONS], resolveForTest),
  standIn(RedisConnections, [MemoryEngine], MemoryConnections),
  standIn(QueueRegistry, [MemoryEngine, RESOLVED_OPTIONS], MemoryRegistry),
  substitute(BacklogGuard, [MemoryEngine, RESOLVED_OPTIONS], MemoryBacklog),
  substitute(JobCatalog, [], MemoryCatalog),
  substitute(JobCounts, [RESOLVED_OPTIONS], MemoryCounts),
  replace(BullRegistrations, [], () => ({ isForeign: () => false })),
  substitute(WorkerRegistry, [], MemoryWorkers),
  replace(Preflight, [], () => ({ passed: true, findings: [] })),
  substitute(RedisProbe, [MemoryEngine], MemoryProbe),
  replace(RedisStateReader, [], () => ({ recent: async () => undefined })),
  substitute(JobSender, [MemoryEngine, EnqueueLog, BacklogGuard, JobEvents], MemorySender),
  substitute(WorkerWatch, [], MemoryWatch),
  substitute(JobReader, [MemoryEngine, JobCatalog], MemoryReader),
  substitute(JobLister, [MemoryEngine, AppState, JobReader], MemoryLister),
  substitute(JobExplainer, [MemoryEngine, AppState, JobReader], MemoryExplainer),
  substitute(QueueReader, [MemoryEngine], MemoryQueueReader),
  substitute(QueuePinger, [], MemoryPinger),
  substitute(JobWaiter, [MemoryEngine, JobReader], MemoryWaiter),
  substitute(JobCanceller, [MemoryEngine, JobReader, JobEvents], MemoryCanceller),
  substitute(DeadLetterScanner, [MemoryEngine, JobReader], MemoryDeadLetters),
  substitute(DeadLetterActions, [MemoryEngine, JobReader], MemoryDeadLetterActions),
  substitute(ScheduleHash, [], MemoryScheduleHash),
  substitute(SlotQueue, [MemoryEngine, JobCatalog, ScheduleHash, RESOLVED_OPTIONS], MemorySlotQueue),
  substitute(ThreadPools, [Tracing], TestThreadPools),
  substitute(AsideNotes, [], MemoryAsideNotes),
  // The queue of the test runs the handlers, in whatever application they are.
  replace(IdleHandlers, [], () => ({ warn: () => undefined })),
  // A test reads outcomes; lines about jobs that die on purpose would only hide what is wrong.
  replace(JobEventLog, [], () => ({})),
  // It has both the running jobs and the engine in reach.
  replace(CancelWatcher, [MemoryEngine, RunningJobs], (engine: MemoryEngine, running: RunningJobs) => {
    engine.abort = ({ queueName, id }, reason) => running.abort(queueName, id, reason);
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

/** The options of the app; Redis is not needed, and neither is a name. */
function resolveForTest(engine: MemoryEngine, given: ScalrQueueOptions) {
  const { redis: _redis, ...options } = given;
  const resolved = resolveOptions({
    app: process.env['SCALR_APP'] || 'test',
    ...options,
    redis: 'redis://none.invalid',
  });
  return { ...resolved, clock: engine.clock };
}

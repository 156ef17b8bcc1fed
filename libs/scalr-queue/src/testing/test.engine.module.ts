import { Global, Module } from '@nestjs/common';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { WorkerEngine } from '../engine/engine-worker.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import { MemoryWorkerEngine } from '../engine/memory/memory.worker-engine.js';
import { MemorySharedEngine } from '../engine/memory/memory.shared-engine.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { SharedEngine } from '../engine/shared.engine.js';
import { ClosingOrder } from '../lifecycle/closing.order.js';
import { EnqueueLog } from './enqueue.log.js';

/** The engine in memory, in the place of `RedisEngineModule`. Its workers take a job when the harness asks them to. */
@Global()
@Module({
  providers: [
    ClosingOrder,
    {
      provide: MemoryEngine,
      inject: [RESOLVED_OPTIONS, EnqueueLog],
      useFactory: (app: ResolvedOptions, log: EnqueueLog) => new MemoryEngine(app, (job) => log.add(job)),
    },
    {
      provide: MemoryWorkerEngine,
      inject: [MemoryEngine, RESOLVED_OPTIONS],
      useFactory: (engine: MemoryEngine, app: ResolvedOptions) =>
        new MemoryWorkerEngine(engine, app, 'when asked'),
    },
    {
      provide: SharedEngine,
      inject: [MemoryEngine],
      useFactory: ({ memory }: MemoryEngine) => new MemorySharedEngine(memory),
    },
    { provide: QueueEngine, useExisting: MemoryEngine },
    { provide: WorkerEngine, useExisting: MemoryWorkerEngine },
  ],
  exports: [MemoryEngine, MemoryWorkerEngine, QueueEngine, SharedEngine, WorkerEngine],
})
export class TestEngineModule {}

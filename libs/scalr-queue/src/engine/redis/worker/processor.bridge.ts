import { EventEmitter } from 'node:events';
import { BullModule, BullRegistrar } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import type { DiscoveryService, ModuleRef } from '@nestjs/core';
import { type Job, Worker, type WorkerOptions } from 'bullmq';
import type {
  NativeProcessor,
  NativeProcessors,
  RunJob,
  WorkerHooks,
  WorkerSettings,
} from '../../engine-worker.js';
import type { BullRegistrations } from '../bull.registrations.js';
import { ForeignWorkers } from './foreign.workers.js';
import { ManagedWorker } from './managed.worker.js';
import type { WorkerParts } from './worker.parts.js';

type Listener = (...args: unknown[]) => unknown;
type BullProcessor = (job: Job, token?: string, signal?: AbortSignal) => Promise<unknown>;

/** Upstream: where @nestjs/bullmq keeps the queue of a `@Processor` class. */
const PROCESSOR_METADATA = 'bullmq:processor_metadata';

/**
 * Lets classes written for @nestjs/bullmq (`@Processor` with `WorkerHost`) run in our worker under our rules. The registrar
 * of @nestjs/bullmq makes the workers, of the class it is told: one that makes a managed worker instead.
 */
export class ProcessorBridge implements NativeProcessors {
  private readonly logger = new Logger('ScalrQueue');
  private readonly foreign = new ForeignWorkers();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly discovery: DiscoveryService,
    private readonly registrations: BullRegistrations,
    private readonly parts: WorkerParts,
  ) {}

  get foreignCount(): number {
    return this.foreign.running;
  }

  closeForeign(): Promise<void> {
    return this.foreign.close();
  }

  leaveForeign(): void {
    this.foreign.leave();
  }

  /** Queues of the app that `@Processor` classes want to work on. */
  queues(): string[] {
    const ours = this.processors().filter(
      ({ name, configKey }) => !this.registrations.isForeign(name, configKey),
    );
    return [...new Set(ours.map(({ name }) => name))];
  }

  /** Queues of all `@Processor` classes. */
  allQueues(): string[] {
    return [...new Set(this.processors().map(({ name }) => name))];
  }

  private processors(): { name: string; configKey?: string }[] {
    const found = this.discovery.getProviders().map(({ metatype, inject, instance }) => {
      const type: unknown = !metatype || inject ? (instance as object | undefined)?.constructor : metatype;
      if (typeof type !== 'function') return undefined;
      return Reflect.getMetadata(PROCESSOR_METADATA, type) as
        { name?: string; configKey?: string } | undefined;
    });
    return found.flatMap((metadata) =>
      metadata?.name === undefined ? [] : [{ name: metadata.name, configKey: metadata.configKey }],
    );
  }

  start(
    queues: ReadonlySet<string>,
    adopt: (processor: NativeProcessor) => RunJob,
    settings: WorkerSettings,
    hooks: WorkerHooks,
  ): ManagedWorker[] {
    const registrar = this.registrar();
    if (!registrar) return [];
    const { parts, foreign } = this;
    const { producer } = parts.connections;
    const reportRejections = (worker: ManagedWorker) => this.reportRejections(worker);
    const workers: ManagedWorker[] = [];
    // Upstream: register() makes each worker at once, with `new` of the class that is set, and gives it the connection of its queue.
    // A function used with `new` may return another object than `this`.
    const Bridged = function (queue: string, processor: BullProcessor, options: WorkerOptions) {
      const isOurs = options.connection === (producer as unknown);
      if (!isOurs) return foreign.create(queue, processor, options);
      if (!queues.has(queue)) return idleWorker();
      const run = adopt({
        queue,
        keep: { removeOnComplete: options.removeOnComplete, removeOnFail: options.removeOnFail },
        run: (job, token, signal) => processor(job as unknown as Job, token, signal),
        cancel: (storedId, reason) => worker.cancelRun(storedId, reason),
      });
      const worker = new ManagedWorker(queue, run, settings, hooks, parts, options);
      workers.push(worker);
      return reportRejections(worker);
    };
    try {
      BullModule.workerClass = Bridged as never;
      registrar.register();
    } finally {
      BullModule.workerClass = Worker;
    }
    return workers;
  }

  /** `@OnWorkerEvent` methods may be asynchronous: what one of them rejects with would end the process. */
  private reportRejections(worker: ManagedWorker): ManagedWorker {
    const on = worker.on.bind(worker) as (name: string, listener: Listener) => ManagedWorker;
    worker.on = ((name: string, listener: Listener) => {
      const reported: Listener = (...args) => {
        const result = listener(...args);
        if (!(result instanceof Promise)) return;
        result.catch((error: unknown) => {
          const stack = error instanceof Error ? error.stack : undefined;
          this.logger.error(`a listener of the worker's "${name}" failed: ${String(error)}`, stack);
        });
      };
      return on(name, reported);
    }) as typeof worker.on;
    return worker;
  }

  /** Absent when the application registers no queue with @nestjs/bullmq. */
  private registrar(): BullRegistrar | undefined {
    try {
      return this.moduleRef.get(BullRegistrar, { strict: false });
    } catch {
      return undefined;
    }
  }
}

/** Stands for the worker of a queue that this process leaves alone: takes listeners and does nothing. */
function idleWorker(): object {
  return Object.assign(new EventEmitter(), { close: () => Promise.resolve() });
}

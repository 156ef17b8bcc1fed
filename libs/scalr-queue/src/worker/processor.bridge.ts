import { EventEmitter } from 'node:events';
import { BullModule, BullRegistrar } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, ModuleRef } from '@nestjs/core';
import { type Job, Worker, type WorkerOptions } from 'bullmq';
import { BullRegistrations } from '../engine/redis/bull.registrations.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { ForeignWorkers } from '../engine/redis/worker/foreign.workers.js';
import { stringifiable } from './job.result.js';
import type { ManagedProcessor, ManagedWorker } from './managed.worker.js';
import { RunningJobs } from './running.jobs.js';

type WorkerFactory = (
  queue: string,
  processor: ManagedProcessor,
  options: Partial<WorkerOptions>,
) => ManagedWorker;
type Listener = (...args: unknown[]) => unknown;
type BullProcessor = (job: Job, token?: string, signal?: AbortSignal) => Promise<unknown>;

/** Where @nestjs/bullmq keeps the queue of a `@Processor` class. */
const PROCESSOR_METADATA = 'bullmq:processor_metadata';

/**
 * Lets classes written for @nestjs/bullmq (`@Processor` with `WorkerHost`) run in our worker under our rules. The registrar
 * of @nestjs/bullmq makes the workers, of the class it is told: one that asks us for a managed worker instead.
 */
@Injectable()
export class ProcessorBridge {
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly discovery: DiscoveryService,
    private readonly connections: RedisConnections,
    private readonly running: RunningJobs,
    private readonly registrations: BullRegistrations,
    private readonly foreign: ForeignWorkers,
  ) {}

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

  /** Makes the workers of all `@Processor` classes; returns how many. */
  start(create: WorkerFactory, queues: ReadonlySet<string>): number {
    const registrar = this.registrar();
    if (!registrar) return 0;
    const { producer } = this.connections;
    const heed = (worker: ManagedWorker) => this.heedListeners(worker);
    const run = (worker: ManagedWorker, processor: BullProcessor, args: Parameters<BullProcessor>) =>
      this.run(worker, processor, args);
    let count = 0;
    // A function used with `new` may return another object than `this`.
    const { foreign } = this;
    const Bridged = function (queue: string, processor: BullProcessor, options: WorkerOptions) {
      const isOurs = options.connection === (producer as unknown);
      if (!isOurs) return foreign.create(queue, processor, options);
      if (!queues.has(queue)) return absentWorker();
      count++;
      const worker: ManagedWorker = create(
        queue,
        (job, token, signal) => run(worker, processor, [job, token, signal]),
        options,
      );
      return heed(worker);
    };
    try {
      BullModule.workerClass = Bridged as never;
      registrar.register();
    } finally {
      BullModule.workerClass = Worker;
    }
    return count;
  }

  /** Its process method may not be asynchronous, and may throw. */
  private async run(
    worker: ManagedWorker,
    processor: BullProcessor,
    args: Parameters<BullProcessor>,
  ): Promise<unknown> {
    const { id = '', processedOn = 0 } = args[0];
    const abort = ({ message }: Error) => void worker.cancelJob(id, message);
    const run = { queue: worker.name, storedId: id, startedAt: processedOn, attempt: { abort } };
    this.running.add(run);
    try {
      return stringifiable(`result of ${args[0].name}`, await processor(...args));
    } finally {
      this.running.remove(run);
    }
  }

  /** `@OnWorkerEvent` methods may be asynchronous: what one of them rejects with would end the process. */
  private heedListeners(worker: ManagedWorker): ManagedWorker {
    const on = worker.on.bind(worker) as (name: string, listener: Listener) => ManagedWorker;
    worker.on = ((name: string, listener: Listener) => {
      const heeded: Listener = (...args) => {
        const result = listener(...args);
        if (!(result instanceof Promise)) return;
        result.catch((error: unknown) => {
          const stack = error instanceof Error ? error.stack : undefined;
          this.logger.error(`a listener of the worker's "${name}" failed: ${String(error)}`, stack);
        });
      };
      return on(name, heeded);
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
function absentWorker(): object {
  return Object.assign(new EventEmitter(), { close: () => Promise.resolve() });
}

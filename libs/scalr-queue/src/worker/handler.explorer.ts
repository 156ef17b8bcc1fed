import { Injectable } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { DuplicateHandlerError } from '../errors/configuration.errors.js';
import type { JobContext } from '../jobs/job-context.js';
import type { AnyJobDefinition } from '../jobs/job-definition.js';
import type { AttemptClock } from './attempt.js';
import type { ScheduleOptions } from '../scheduling/schedule-options.js';
import { checkedSchedulesOf } from '../scheduling/scheduled.decorator.js';
import { definitionsOf, threadOf } from './process-job.decorator.js';
import { ThreadPools } from './thread/thread.pools.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A method that handles the jobs of one definition. */
export interface JobHandler {
  readonly definition: AnyJobDefinition;
  /** `InvoiceProcessor.send`, for messages. */
  readonly label: string;
  /** Of its `@Scheduled`, as they were given. */
  readonly schedules: readonly ScheduleOptions[];
  /** @param clock the time of the attempt, which runs */
  invoke(payload: unknown, context: JobContext, clock: AttemptClock): Promise<unknown>;
}

/** Finds the methods marked with `@ProcessJob` in all providers of the application. */
@Injectable()
export class HandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
    private readonly threads: ThreadPools,
  ) {}

  /**
   * All handlers by name of the job.
   * @throws DuplicateHandlerError when two methods handle the same job, QueueConfigError when a thread file is missing
   */
  explore(): Map<string, JobHandler> {
    const handlers = new Map<string, JobHandler>();
    for (const { wrapper, method, marked } of this.methods()) {
      const definitions = definitionsOf(marked);
      const schedules = checkedSchedulesOf(marked, definitions.length, labelOf(wrapper, method));
      for (const definition of definitions) {
        const inMain = this.toHandler(definition, wrapper, method, schedules);
        const thread = threadOf(marked, definition);
        const handler = thread ? this.threads.inThread(inMain, thread) : inMain;
        const other = handlers.get(definition.name);
        if (other) throw new DuplicateHandlerError(definition.name, other.label, handler.label);
        handlers.set(definition.name, handler);
      }
    }
    return handlers;
  }

  /** The methods that `explore` makes handlers of, by name; nothing is checked. */
  labels(): string[] {
    return [...this.methods()]
      .filter(({ marked }) => definitionsOf(marked).length > 0)
      .map(({ wrapper, method }) => labelOf(wrapper, method));
  }

  /** Every method of every provider. */
  private *methods() {
    for (const wrapper of this.discovery.getProviders()) {
      const prototype = prototypeOf(wrapper);
      if (!prototype) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const marked = (prototype as Record<string, unknown>)[method];
        if (typeof marked === 'function') yield { wrapper, method, marked };
      }
    }
  }

  private toHandler(
    definition: AnyJobDefinition,
    wrapper: InstanceWrapper,
    method: string,
    schedules: readonly ScheduleOptions[],
  ): JobHandler {
    const label = labelOf(wrapper, method);
    const call = (instance: unknown, payload: unknown, context: JobContext): Promise<unknown> => {
      const methods = instance as Record<string, (payload: unknown, context: JobContext) => unknown>;
      try {
        return Promise.resolve(methods[method]!(payload, context));
      } catch (error) {
        // The method is not asynchronous.
        return Promise.reject(error);
      }
    };
    if (wrapper.isDependencyTreeStatic()) {
      return {
        definition,
        label,
        schedules,
        invoke: (payload, context) => call(wrapper.instance, payload, context),
      };
    }
    return {
      definition,
      label,
      schedules,
      invoke: async (payload, context) => call(await this.instanceFor(wrapper, context), payload, context),
    };
  }

  /** A fresh instance for one attempt; it can inject the JobContext as REQUEST. */
  private instanceFor(wrapper: InstanceWrapper, context: JobContext): Promise<unknown> {
    const contextId = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(context, contextId);
    return this.moduleRef.resolve(wrapper.token as never, contextId, { strict: false });
  }
}

/** The name of a provider can be a symbol: its token. */
function labelOf({ name }: InstanceWrapper, method: string): string {
  return `${String(name)}.${method}`;
}

/** Of a provider made by a factory or given as a value, only the instance tells the class. */
function prototypeOf({ metatype, inject, instance }: InstanceWrapper): object | undefined {
  const isClass = typeof metatype === 'function' && !inject;
  if (isClass) return metatype.prototype as object | undefined;
  return typeof instance === 'object' && instance !== null
    ? (Object.getPrototypeOf(instance) as object | undefined)
    : undefined;
}

import { Injectable } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { DuplicateHandlerError } from '../errors/configuration.errors.js';
import type { JobContext } from '../jobs/job-context.js';
import type { AnyJobDefinition } from '../jobs/job-definition.js';
import { definitionsOf } from './process-job.decorator.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A method that handles the jobs of one definition. */
export interface JobHandler {
  readonly definition: AnyJobDefinition;
  /** `InvoiceProcessor.send`, for messages. */
  readonly label: string;
  invoke(payload: unknown, context: JobContext): Promise<unknown>;
}

/** Finds the methods marked with `@ProcessJob` in all providers of the application. */
@Injectable()
export class HandlerExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * All handlers by name of the job.
   * @throws DuplicateHandlerError when two methods handle the same job
   */
  explore(): Map<string, JobHandler> {
    const handlers = new Map<string, JobHandler>();
    for (const wrapper of this.discovery.getProviders()) {
      const prototype = prototypeOf(wrapper);
      if (!prototype) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const marked = (prototype as Record<string, unknown>)[method];
        if (typeof marked !== 'function') continue;
        for (const definition of definitionsOf(marked)) {
          const handler = this.toHandler(definition, wrapper, method);
          const other = handlers.get(definition.name);
          if (other) throw new DuplicateHandlerError(definition.name, other.label, handler.label);
          handlers.set(definition.name, handler);
        }
      }
    }
    return handlers;
  }

  private toHandler(definition: AnyJobDefinition, wrapper: InstanceWrapper, method: string): JobHandler {
    const label = `${wrapper.name}.${method}`;
    const call = async (instance: unknown, payload: unknown, context: JobContext): Promise<unknown> =>
      (instance as Record<string, (payload: unknown, context: JobContext) => unknown>)[method]!(
        payload,
        context,
      );
    if (wrapper.isDependencyTreeStatic()) {
      return { definition, label, invoke: (payload, context) => call(wrapper.instance, payload, context) };
    }
    return {
      definition,
      label,
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

/** Of a provider made by a factory or given as a value, only the instance tells the class. */
function prototypeOf({ metatype, inject, instance }: InstanceWrapper): object | undefined {
  const isClass = typeof metatype === 'function' && !inject;
  if (isClass) return metatype.prototype as object | undefined;
  return typeof instance === 'object' && instance !== null
    ? (Object.getPrototypeOf(instance) as object | undefined)
    : undefined;
}

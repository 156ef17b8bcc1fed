import { Injectable } from '@nestjs/common';
import { DuplicateHandlerError } from '../contract/errors/configuration.errors.js';
import type { JobContext } from '../contract/job-context.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import type { MethodName } from '../contract/method-marks.js';
import type { AttemptClock } from './attempt.js';
import type { ScheduleOptions } from '../scheduling/schedule-options.js';
import { checkedSchedulesOf, scheduledMethodsOf } from '../scheduling/scheduled.decorator.js';
import { HandlerEnhancers } from './handler.enhancers.js';
import { type HandlerProvider, HandlerProviders } from './handler.providers.js';
import { handlingMethodsOf, jobMarkOf } from './process-job.decorator.js';
import { ThreadPools } from './thread/thread.pools.js';

type Method = (payload: unknown, context: JobContext) => unknown;

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
    private readonly providers: HandlerProviders,
    private readonly threads: ThreadPools,
    private readonly enhancers: HandlerEnhancers,
  ) {}

  /**
   * All handlers by name of the job.
   * @throws DuplicateHandlerError when two methods handle the same job, QueueConfigError when a method cannot be a handler
   */
  explore(): Map<string, JobHandler> {
    this.providers.refuseControllers();
    this.providers.warnOfUnknown();
    const handlers = new Map<string, JobHandler>();
    const modules = new Map<JobHandler, string>();
    for (const { provider, method } of this.methods()) {
      const label = labelOf(provider, method);
      const { definitions, threads, functions } = jobMarkOf(provider.prototype, method);
      const schedules = checkedSchedulesOf(provider.prototype, method, definitions.length, label);
      const instanceFor = this.providers.instanceOf(provider);
      const invoke = invokerOf(method, instanceFor);
      for (const definition of definitions) {
        const inMain: JobHandler = { definition, label, schedules, invoke };
        const thread = threads.get(definition);
        const bare = thread ? this.threads.inThread(inMain, thread) : inMain;
        const isThreaded = thread !== undefined;
        const about = { provider, method, functions, instanceFor, handler: bare, isThreaded };
        const enhanced = this.enhancers.around(about);
        const handler = enhanced ? { ...bare, invoke: enhanced } : bare;
        const other = handlers.get(definition.name);
        if (other) throw duplicate(other, modules.get(other)!, handler, provider.module);
        handlers.set(definition.name, handler);
        modules.set(handler, provider.module);
      }
    }
    return handlers;
  }

  /** The methods that `explore` makes handlers of, by name; nothing is checked. */
  labels(): string[] {
    return [...this.methods()]
      .filter(({ provider, method }) => jobMarkOf(provider.prototype, method).definitions.length > 0)
      .map(({ provider, method }) => labelOf(provider, method));
  }

  /** Every method of every provider that a decorator of ours stands above. */
  private *methods() {
    for (const provider of this.providers.list()) {
      const { prototype } = provider;
      const names = new Set([...handlingMethodsOf(prototype), ...scheduledMethodsOf(prototype)]);
      for (const method of names) yield { provider, method };
    }
  }
}

/** What calls the method, on the instance that there is or one made for the attempt. */
function invokerOf(method: MethodName, instanceFor: (context: JobContext) => unknown): JobHandler['invoke'] {
  const call = (instance: unknown, payload: unknown, context: JobContext): unknown =>
    methodOf(instance, method)!.call(instance, payload, context);
  return (payload, context) => {
    try {
      const instance = instanceFor(context);
      if (instance instanceof Promise) return instance.then((made: unknown) => call(made, payload, context));
      return Promise.resolve(call(instance, payload, context));
    } catch (error) {
      // The method is not asynchronous.
      return Promise.reject(error);
    }
  };
}

const methodOf = (object: unknown, method: MethodName): Method | undefined =>
  (object as Record<MethodName, Method | undefined>)[method];

const labelOf = ({ name }: HandlerProvider, method: MethodName): string => `${name}.${String(method)}`;

/** Where both are called the same, the modules tell them apart. */
function duplicate(one: JobHandler, module: string, other: JobHandler, otherModule: string): Error {
  const { name } = one.definition;
  if (one.label !== other.label) return new DuplicateHandlerError(name, one.label, other.label);
  return new DuplicateHandlerError(
    name,
    `${one.label} of ${module}`,
    `${other.label} of ${otherModule}`,
    'Provide the class in one of the modules, and export it from there for the other.',
  );
}

import { Inject, Injectable, type OnModuleInit, Scope, type Type } from '@nestjs/common';
import { type ContextIdFactory, type DiscoveryService, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { JobHookError } from '../contract/errors/hook.errors.js';
import type { DeadJob } from '../contract/dead-job.js';
import type { JobContext } from '../contract/job-context.js';
import type { EnqueueCall, EnqueueOutcome, JobHook, JobHookClass } from '../contract/job-hook.js';
import { scopeOf } from './attempt-scope.js';
import { type HookCall, throughHooks } from './hook.chain.js';

type Method = 'enqueue' | 'attempt' | 'dead';
type ContextId = ReturnType<typeof ContextIdFactory.create>;
type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Gives the hook for a call or an attempt: the one that there is, or one made for it. */
type Source = (request: object) => JobHook | Promise<JobHook>;

/** The hooks of the app, in the order of the list: the first is the outermost. */
@Injectable()
export class JobHooks implements OnModuleInit {
  /** Whether there is any. */
  readonly any: boolean;
  private readonly sources = new Map<JobHookClass, Promise<Source> | Source>();

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly modules: ModulesContainer,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'hooks'>,
  ) {
    this.any = app.hooks.length > 0;
  }

  /**
   * Makes those that Nest has not made, of those that every process needs.
   * @throws QueueConfigError
   */
  async onModuleInit(): Promise<void> {
    for (const type of this.having('enqueue')) await this.sourceOf(type);
  }

  /**
   * Makes those that only a worker needs.
   * @throws QueueConfigError
   */
  async prepareRuns(): Promise<void> {
    for (const type of this.app.hooks) await this.sourceOf(type);
  }

  /** The names of the hooks that follow up deaths. */
  readonly deadHooks = (): string[] => this.having('dead').map(({ name }) => name);

  /** Calls `send`, or not, as the hooks want it. */
  async enqueue(call: EnqueueCall, send: () => Promise<EnqueueOutcome>): Promise<EnqueueOutcome> {
    const hooks = await this.callsOf<EnqueueCall>('enqueue', call);
    const outcome = await throughHooks(hooks, call, send);
    if (call.many ? Array.isArray(outcome) && outcome.every(isEnqueued) : isEnqueued(outcome))
      return outcome as EnqueueOutcome;
    const expected = call.many ? 'an array of jobs' : 'a job';
    throw new JobHookError(
      `a hook answered the call that enqueues ${call.definition.name} with something else than ${expected} { id, name, queue, status }`,
    );
  }

  /** Runs `run`, or not, as the hooks want it. */
  async attempt(context: JobContext, run: () => Promise<unknown>): Promise<unknown> {
    const hooks = await this.callsOf<JobContext>('attempt', context);
    return throughHooks(hooks, context, run);
  }

  /** Follows up the death of a job by one of the hooks. @param name of the hook; one that is gone does nothing */
  async dead(name: string, job: DeadJob, context: JobContext): Promise<void> {
    const type = this.having('dead').find((one) => one.name === name);
    if (!type) return;
    const hook = await this.hookOf(type, context);
    await hook.dead!(job);
  }

  private having(method: Method): JobHookClass[] {
    return this.app.hooks.filter(({ prototype }) => typeof (prototype as JobHook)[method] === 'function');
  }

  private async callsOf<Subject extends object>(
    method: 'enqueue' | 'attempt',
    subject: Subject,
  ): Promise<HookCall<Subject>[]> {
    const calls: HookCall<Subject>[] = [];
    for (const type of this.having(method)) {
      const hook = await this.hookOf(type, subject);
      const run = (given: Subject, next: () => Promise<unknown>) =>
        (hook[method] as (subject: Subject, next: () => Promise<unknown>) => unknown).call(hook, given, next);
      calls.push({ label: `${type.name}.${method}`, run });
    }
    return calls;
  }

  private async hookOf(type: JobHookClass, request: object): Promise<JobHook> {
    const source = await this.sourceOf(type);
    return source(request);
  }

  private sourceOf(type: JobHookClass): Promise<Source> | Source {
    let source = this.sources.get(type);
    if (!source) this.sources.set(type, (source = this.find(type as Type<JobHook>)));
    return source;
  }

  private async find(type: Type<JobHook>): Promise<Source> {
    const scope = this.scopeOf(type);
    if (scope === undefined) {
      if (isPerRequest(type)) return (request) => this.create(type, scopeOf(request, this.moduleRef));
      const made: JobHook & Partial<OnModuleInit> = await this.create(type);
      // Nest calls it of what its modules provide.
      await made.onModuleInit?.();
      return () => made;
    }
    if (scope === Scope.REQUEST) {
      const wrapper = this.wrapperOf(type);
      return (request) =>
        this.moduleRef.resolve(type, scopeOf(request, this.moduleRef, wrapper), { strict: false });
    }
    const hook =
      scope === Scope.TRANSIENT
        ? await this.moduleRef.resolve(type, undefined, { strict: false })
        : this.moduleRef.get(type, { strict: false });
    return () => hook;
  }

  /** Undefined where no module provides the class. */
  private scopeOf(type: Type<JobHook>): Scope | undefined {
    try {
      return this.moduleRef.introspect(type).scope;
    } catch {
      return undefined;
    }
  }

  private wrapperOf(type: Type<JobHook>): InstanceWrapper | undefined {
    for (const { providers } of this.modules.values()) if (providers.has(type)) return providers.get(type);
    return undefined;
  }

  private async create(type: Type<JobHook>, contextId?: ContextId): Promise<JobHook> {
    try {
      return await this.moduleRef.create(type, contextId);
    } catch (error) {
      throw new QueueConfigError(
        `the hook ${type.name} cannot be made: ${error instanceof Error ? error.message : String(error)}. ` +
          'Provide it in a module of the app, with what it injects.',
        { cause: error },
      );
    }
  }
}

/** Where no module provides a class, only its own word is known. */
function isPerRequest(type: Type<JobHook>): boolean {
  const options = Reflect.getMetadata('scope:options', type) as { readonly scope?: Scope } | undefined;
  return options?.scope === Scope.REQUEST;
}

function isEnqueued(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { id?: unknown }).id === 'string';
}

import { HttpException, Inject, Injectable, Logger } from '@nestjs/common';
import { ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { ControlFlowSignal, Discard } from '../contract/control-flow-signals.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { PayloadInvalidError } from '../contract/errors/payload.errors.js';
import type { JobContext } from '../contract/job-context.js';
import type { MethodName } from '../contract/method-marks.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import { describeThrown, isInstance } from '../engine/failure.js';
import type { AttemptClock } from './attempt.js';
import { scopeOf } from '../hooks/attempt-scope.js';
import { enhancersOf, nameOf, refuseUnreached } from './enhancers.js';
import type { HandlerProvider } from './handler.providers.js';
import {
  type ContextCreator,
  type Creator,
  type ExceptionFilters,
  type GlobalEnhancers,
  PIPED,
  UNPIPED,
} from './nest-internals.js';

/** A handler as far as it is run. */
interface Invocable {
  readonly label: string;
  invoke(payload: unknown, context: JobContext, clock: AttemptClock): Promise<unknown>;
}

type Invoke = (payload: unknown, context: JobContext, clock: AttemptClock) => Promise<unknown>;
type Call = (payload: unknown, context: JobContext) => Promise<unknown>;

/** A handler that enhancers may stand around. */
export interface EnhancedMethod {
  readonly provider: HandlerProvider;
  readonly method: MethodName;
  /** The functions that the decorators of the method may have stood above. */
  readonly functions: readonly unknown[];
  /** Gives the object that the handler is called on. */
  readonly instanceFor: (context: JobContext) => unknown;
  /** Without the enhancers. */
  readonly handler: Invocable;
  /** Whether it does more than to call the method. */
  readonly isThreaded: boolean;
}

const logger = new Logger('ScalrQueue');
const warned = new Set<string>();

/**
 * Runs guards, interceptors, pipes and filters of Nest around handlers, by Nest's own `ExternalContextCreator`, as around the resolvers of
 * GraphQL. Whatever is said here of its insides holds for Nest 11 and 12.
 */
@Injectable()
export class HandlerEnhancers {
  constructor(
    private readonly external: ExternalContextCreator,
    private readonly modules: ModulesContainer,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'enhancers' | 'clock'>,
  ) {}

  /**
   * What runs the handler with its enhancers; undefined where it has none.
   * @throws QueueConfigError where one of them could not run: a handler that somebody believes to be guarded is not
   */
  around(enhanced: EnhancedMethod): Invoke | undefined {
    const { provider, method, functions } = enhanced;
    const { label } = enhanced.handler;
    refuseUnreached(label, provider, method, functions);
    const globals = this.app.enhancers.global ? this.globals(label) : undefined;
    const isEnhanced = enhancersOf(provider.prototype, method).length > 0 || globals?.some;
    return isEnhanced ? this.enhanced(enhanced, globals?.scoped ?? []) : undefined;
  }

  private enhanced(handler: EnhancedMethod, scoped: GlobalEnhancers['scoped']): Invoke {
    const { provider, instanceFor } = handler;
    const clocks = new WeakMap<JobContext, AttemptClock>();
    const invalid = new WeakSet<object>();
    const creator = this.creatorFor(handler, invalid);
    const isScoped = !provider.wrapper.isDependencyTreeStatic();
    const isPerAttempt = isScoped || scoped.length > 0;
    const owner = isScoped
      ? provider.wrapper
      : (scoped.find((it) => it.isDependencyTreeDurable()) ?? scoped[0]);
    const contextIdOf = (context: JobContext) => scopeOf(context, moduleRefOf(owner!), owner);
    const made = new WeakMap<object, Call>();
    const make = (instance: object, context: JobContext): Call => {
      const callback = callbackOf(handler, instance, clocks);
      const contextId = isPerAttempt ? contextIdOf(context) : undefined;
      const options = { guards: true, interceptors: true, filters: true };
      const { id } = provider.wrapper;
      return creator.create(
        instance, callback, String(handler.method), undefined, undefined, contextId, id, options, 'job',
      ); // prettier-ignore
    };
    const callOf = (instance: object, context: JobContext): Call => {
      if (isPerAttempt) return make(instance, context);
      let call = made.get(instance);
      if (!call) made.set(instance, (call = make(instance, context)));
      return call;
    };
    return async (payload, context, clock) => {
      clocks.set(context, clock);
      const instance = (await instanceFor(context)) as object;
      for (const wrapper of scoped)
        await moduleRefOf(wrapper).resolve(wrapper.token as never, contextIdOf(context), { strict: true });
      try {
        return await callOf(instance, context)(payload, context);
      } catch (error) {
        if (typeof error !== 'object' || error === null || !invalid.has(error)) throw error;
        throw new AttemptFailure(
          'invalid-payload',
          refusalOf(context, error as HttpException),
          context.attempt,
          this.app.clock.now(),
        );
      }
    };
  }

  /** Nest's creator, for one handler: with its module, its arguments, and our idea of what a refusal and a filter do. */
  private creatorFor(
    { handler: { label }, provider, method }: EnhancedMethod,
    invalid: WeakSet<object>,
  ): Creator {
    const external = this.external as unknown as Creator;
    const { host } = provider.wrapper;
    const key = [...this.modules].find(([, module]) => module === host)?.[0] ?? '';
    const paramtypes = Reflect.getMetadata('design:paramtypes', provider.prototype, method) as unknown;
    const own = Object.create(external) as Creator;
    own.getHostModuleKey = own.getContextModuleKey = () => key;
    own.getMetadata = () => ({ argsLength: 2, paramtypes, getParamsMetadata: () => [PIPED, UNPIPED] });
    own.getParamValue = async (value, metadata, pipes) => {
      if (metadata.type === UNPIPED.type) return value;
      try {
        return await external.getParamValue(value, metadata, pipes);
      } catch (error) {
        if (isRefusal(error)) invalid.add(error);
        throw error;
      }
    };
    own.createGuardsFn = (guards, ...about) => {
      if (guards.length === 0) return null;
      const [instance, callback, type] = about;
      return async (args) => {
        for (const guard of guards)
          if (!(await external.guardsConsumer.tryActivate([guard], args, instance, callback, type)))
            throw new Discard(`refused by ${nameOf(guard)}`);
      };
    };
    for (const part of ['guards', 'interceptors', 'pipes', 'filters'] as const) {
      const creator = Object.create(external[`${part}ContextCreator`]) as ContextCreator;
      if (!this.app.enhancers.global) creator.getGlobalMetadata = () => [];
      Object.assign(own, { [`${part}ContextCreator`]: creator });
    }
    const filters = own.filtersContextCreator;
    const create = filters.create.bind(filters);
    filters.create = (...about) => {
      const found = create(...about) as ExceptionFilters;
      return {
        filters: found.filters,
        next: (thrown: unknown, host: object) =>
          filtered(label, found, thrown, (filter) => filter.func(thrown, host), (value) => external.transformToResult(value)),
      }; // prettier-ignore
    };
    return own;
  }

  private globals(label: string): GlobalEnhancers {
    const { config } = (this.external as unknown as Creator).guardsContextCreator;
    const scoped = [
      ...config.getGlobalRequestGuards(),
      ...config.getGlobalRequestInterceptors(),
      ...config.getGlobalRequestPipes(),
      ...config.getGlobalRequestFilters(),
    ];
    const transient = scoped.find(({ isTransient }) => isTransient);
    if (transient)
      throw new QueueConfigError(
        `the global enhancer ${transient.metatype?.name ?? String(transient.token)} has Scope.TRANSIENT and would not run around ${label}: ` +
          'give it the default scope or Scope.REQUEST, or leave enhancers.global out and put it on the handlers',
      );
    const shared = [
      ...config.getGlobalGuards(),
      ...config.getGlobalInterceptors(),
      ...config.getGlobalPipes(),
      ...config.getGlobalFilters(),
    ];
    return { scoped, some: scoped.length + shared.length > 0 };
  }
}

const moduleRefOf = ({ host }: HandlerProvider['wrapper']): ModuleRef =>
  host!.getProviderByKey<ModuleRef>(ModuleRef).instance;

/** What Nest calls last, and shows as `getHandler()`. */
function callbackOf(
  { method, handler, isThreaded }: EnhancedMethod,
  instance: object,
  clocks: WeakMap<JobContext, AttemptClock>,
): object {
  const own = (instance as Record<MethodName, object>)[method]!;
  if (!isThreaded) return own;
  const inThread = (payload: unknown, context: JobContext) =>
    handler.invoke(payload, context, clocks.get(context)!);
  // What decorators have stored with the method is found through its prototype.
  return Object.setPrototypeOf(inThread, own) as object;
}

/** The result that a filter makes of a failure. @throws the failure, where it makes none, or what the filter throws */
async function filtered(
  label: string,
  { filters }: ExceptionFilters,
  thrown: unknown,
  run: (filter: ExceptionFilters['filters'][number]) => unknown,
  settle: (value: unknown) => Promise<unknown>,
): Promise<unknown> {
  // It says already how the job goes on: no error that a filter is for.
  if (isInstance(thrown, ControlFlowSignal) || isInstance(thrown, AttemptFailure)) throw thrown;
  const filter = filters.find(
    ({ exceptionMetatypes: types }) => !types?.length || types.some((type) => thrown instanceof type),
  );
  if (!filter) throw thrown;
  let outcome: unknown;
  try {
    outcome = await settle(await run(filter));
  } catch (error) {
    if (!(error instanceof TypeError) || error === thrown) throw error;
    warnOfFilter(label, error);
    throw thrown;
  }
  if (outcome === undefined) throw thrown;
  return outcome;
}

/** Most of all a filter that answers a request: there is none. What the handler threw must not be hidden by that. */
function warnOfFilter(label: string, error: TypeError): void {
  if (warned.has(label)) return;
  warned.add(label);
  logger.warn(
    `a filter failed on an error of ${label}, which stands as it was: ${describeThrown(error).message}. Is it one for HTTP? ` +
      "Let it return where host.getType() is 'job'.",
  );
}

/** A pipe that refuses a value says so as to a client. */
const isRefusal = (error: unknown): error is HttpException =>
  error instanceof HttpException && [400, 422].includes(error.getStatus());

function refusalOf({ name }: JobContext, refusal: HttpException): PayloadInvalidError {
  const response: { message?: unknown } | string = refusal.getResponse();
  const said = typeof response === 'string' ? response : (response.message ?? refusal.message);
  const issues = (Array.isArray(said) ? said : [said]).map((one) => ({ path: '$', message: String(one) }));
  return Object.assign(new PayloadInvalidError(`payload of ${name}`, issues), { cause: refusal });
}

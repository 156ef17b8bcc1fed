import { Injectable, Logger } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, ModuleRef } from '@nestjs/core';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { JobContext } from '../contract/job-context.js';
import { scopeOf } from '../hooks/attempt-scope.js';
import { handlingMethodsOf, markedPrototypes } from './process-job.decorator.js';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Named in a warning. */
const MAX_NAMES = 3;

/** A provider of the application that may have handlers. */
export interface HandlerProvider {
  readonly wrapper: InstanceWrapper;
  readonly prototype: object;
  /** Of its class, or of its token. */
  readonly name: string;
  /** Name of the module that provides it. */
  readonly module: string;
}

/** Finds the objects that handlers are called on, of whatever kind of provider they are. */
@Injectable()
export class HandlerProviders {
  private readonly logger = new Logger('ScalrQueue');

  constructor(private readonly discovery: DiscoveryService) {}

  /** Every object once: an alias of a provider adds nothing. */
  list(): HandlerProvider[] {
    const seen = new Set<unknown>();
    // Classes before factories, so that a factory that gives an instance of another provider is the alias.
    const wrappers = this.discovery.getProviders().toSorted((a, b) => Number(isMade(a)) - Number(isMade(b)));
    return wrappers.flatMap((wrapper) => {
      const prototype = prototypeOf(wrapper);
      if (!prototype || wrapper.isAlias) return [];
      const shared = isShared(wrapper) ? (wrapper.instance as unknown) : wrapper;
      if (seen.has(shared)) return [];
      seen.add(shared);
      return [{ wrapper, prototype, name: String(wrapper.name), module: moduleOf(wrapper) }];
    });
  }

  /**
   * What calls a handler's object: the one that there is, or one made for the attempt.
   * @returns the instance, or a promise of it
   */
  instanceOf({ wrapper }: HandlerProvider): (context: JobContext) => unknown {
    if (isShared(wrapper)) return () => wrapper.instance as unknown;
    const modules = wrapper.host!.getProviderByKey<ModuleRef>(ModuleRef).instance;
    const make = (contextId: ReturnType<typeof ContextIdFactory.create>): Promise<unknown> =>
      modules.resolve(wrapper.token as never, contextId, { strict: true });
    if (wrapper.isDependencyTreeStatic()) {
      let once: Promise<unknown> | undefined;
      // Transient: one that is the worker's own.
      return () => (once ??= make(ContextIdFactory.create()));
    }
    return (context) => make(scopeOf(context, modules, wrapper));
  }

  /** @throws QueueConfigError when a controller has a handler: a worker has no controllers */
  refuseControllers(): void {
    const provided = new Set(this.list().map(({ prototype }) => prototype));
    for (const { metatype } of this.discovery.getControllers()) {
      const prototype = (metatype as { prototype?: object } | null)?.prototype;
      const [method] = prototype && !provided.has(prototype) ? handlingMethodsOf(prototype) : [];
      if (!prototype || method === undefined) continue;
      const { name } = prototype.constructor;
      throw new QueueConfigError(
        `${name}.${String(method)} handles a job, but ${name} is a controller, which a worker does not have: ` +
          'move the method to a provider of a module of the worker',
      );
    }
  }

  /** Of what a factory makes for each request the class is not known: handlers of it cannot be found. */
  warnOfUnknown(): void {
    const unknown = this.discovery
      .getProviders()
      .filter((it) => isMade(it) && !it.isAlias && !isOfNest(it))
      .filter((it) => !it.isDependencyTreeStatic() && !prototypeOf(it));
    if (unknown.length === 0) return;
    const known = this.list().map(({ prototype }) => prototype);
    const isFound = (one: object) => known.some((other) => other === one || isBase(one, other));
    const lost = [...markedPrototypes()].filter((one) => !isFound(one));
    if (lost.length === 0) return;
    this.logger.warn(
      `The handlers of ${lost.slice(0, MAX_NAMES).map((one) => one.constructor.name).join(', ')} do not run if they are made by ` +
        `${unknown.slice(0, MAX_NAMES).map(({ name }) => `"${String(name)}"`).join(', ')}: the class that a factory in request scope makes ` +
        'is not known before a job runs. Provide the class itself, or make it the token of the factory.',
    ); // prettier-ignore
  }
}

const isMade = ({ metatype, inject }: InstanceWrapper): boolean =>
  typeof metatype !== 'function' || Boolean(inject);

/** The request itself is such a provider. */
const isOfNest = ({ host }: InstanceWrapper): boolean => host?.name === 'InternalCoreModule';

/** Whether there is one instance from the boot on. */
const isShared = (wrapper: InstanceWrapper): boolean =>
  wrapper.isDependencyTreeStatic() && !wrapper.isTransient;

const isBase = (base: object, other: object): boolean => Object.prototype.isPrototypeOf.call(base, other);

const moduleOf = ({ host }: InstanceWrapper): string => host?.name ?? 'an unknown module';

/** Of what a factory has made, or a value, the instance shows the class; of what it will make for each request the token may. */
function prototypeOf(wrapper: InstanceWrapper): object | undefined {
  const { metatype, instance, token } = wrapper;
  if (!isMade(wrapper)) return (metatype as { prototype?: object }).prototype;
  if (typeof instance === 'object' && instance !== null && isShared(wrapper))
    return Object.getPrototypeOf(instance) as object;
  return typeof token === 'function' ? (token as { prototype?: object }).prototype : undefined;
}

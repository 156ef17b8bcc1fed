import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

type NestModule = ModulesContainer extends Map<string, infer M> ? M : never;
type Wrapper = NestModule['providers'] extends Map<unknown, infer W> ? W : never;
type Hooks = Record<string, unknown>;

const BOOTING = ['onModuleInit', 'onApplicationBootstrap'] as const;
const CLOSING = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'] as const;

/**
 * Knows which lifecycle hooks of an application run at this moment, by name: Nest does not say which one it waits for. A
 * shutdown hook that fails is logged with its name and does not keep the ones after it from running, as it would on Nest 11.
 */
export class HookWatch {
  private readonly logger = new Logger('ScalrQueue');
  private readonly pending = new Set<{ readonly label: string }>();
  private readonly watched = new Set<object>();
  private readonly restores: (() => void)[] = [];

  /** Those that have begun and not ended, such as `SearchClient.onModuleDestroy`. */
  get running(): string[] {
    return [...new Set([...this.pending].map(({ label }) => label))];
  }

  /** Watches the providers that are there; may be called again when there are more. */
  watch(modules: ModulesContainer): void {
    for (const module of modules.values()) {
      for (const wrapper of wrappersOf(module)) {
        for (const { instance, isBuilt } of instancesOf(wrapper)) {
          if (isBuilt) this.observe(instance, nameOf(wrapper, instance));
          else this.hide(instance);
        }
      }
    }
  }

  /** Leaves the providers as they were. */
  release(): void {
    for (const restore of this.restores.splice(0)) restore();
    this.watched.clear();
  }

  private observe(instance: Hooks, name: string): void {
    if (this.watched.has(instance)) return;
    this.watched.add(instance);
    for (const hook of BOOTING) this.wrap(instance, hook, (run) => this.track(`${name}.${hook}`, run));
    for (const hook of CLOSING)
      this.wrap(instance, hook, (run) =>
        this.survive(`${name}.${hook}`, () => this.track(`${name}.${hook}`, run)),
      );
  }

  /** Of a class whose constructor has not run, Nest holds an empty object: its hooks have nothing to close. */
  private hide(instance: Hooks): void {
    for (const hook of CLOSING) this.replace(instance, hook, undefined);
  }

  private wrap(instance: Hooks, hook: string, around: (run: () => unknown) => Promise<unknown>): void {
    const original: unknown = instance[hook];
    if (typeof original !== 'function') return;
    this.replace(instance, hook, (...args: unknown[]) =>
      around(() => (original as (...args: unknown[]) => unknown).apply(instance, args)),
    );
  }

  private async track(label: string, run: () => unknown): Promise<unknown> {
    const entry = { label };
    this.pending.add(entry);
    try {
      return await run();
    } finally {
      this.pending.delete(entry);
    }
  }

  private async survive(label: string, run: () => Promise<unknown>): Promise<unknown> {
    try {
      return await run();
    } catch (error) {
      this.logger.error(
        `${label} failed: ${String(error)}`,
        error instanceof Error ? error.stack : undefined,
      );
      return undefined;
    }
  }

  private replace(instance: Hooks, hook: string, value: unknown): void {
    try {
      const own = Object.getOwnPropertyDescriptor(instance, hook);
      Object.defineProperty(instance, hook, { value, configurable: true, writable: true, enumerable: false });
      this.restores.push(() => {
        if (own) Object.defineProperty(instance, hook, own);
        else delete instance[hook];
      });
    } catch {
      // Frozen: its hooks run unseen.
    }
  }
}

function wrappersOf(module: NestModule): Wrapper[] {
  const groups = [module.providers, module.controllers, module.injectables, module.middlewares];
  return groups.flatMap((group) => [...(group as Map<unknown, Wrapper>).values()]);
}

/** The instances whose hooks Nest calls. */
function instancesOf(wrapper: Wrapper): { instance: Hooks; isBuilt: boolean }[] {
  if (wrapper.isAlias || !wrapper.isDependencyTreeStatic()) return [];
  const hosts = wrapper.isTransient
    ? wrapper.getStaticTransientInstances()
    : [wrapper.getInstanceByContextId({ id: 1 })];
  return hosts
    .filter((host) => typeof host?.instance === 'object' && host.instance !== null)
    .map((host) => ({ instance: host!.instance as Hooks, isBuilt: host!.isResolved === true }));
}

/** The class; of a plain object, the token that it is provided by. */
function nameOf({ name }: Wrapper, instance: object): string {
  const type = (instance as { constructor?: { name?: string } }).constructor?.name;
  return type && type !== 'Object' ? type : String(name);
}

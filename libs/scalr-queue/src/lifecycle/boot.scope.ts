import type { INestApplicationContext } from '@nestjs/common';
import { NestApplicationContext, type NestContainer } from '@nestjs/core';
import { AsyncLocalStorage } from 'node:async_hooks';
import { HookWatch } from './hook.watch.js';

/** One for all copies of this package in the process: the module may be of another one than `runWorker`. */
const KEY = Symbol.for('scalr-queue.boot');
const shared = globalThis as { [KEY]?: Scopes };
const scopes = (shared[KEY] ??= new AsyncLocalStorage<BootScope>() as Scopes);

interface Scopes extends AsyncLocalStorage<BootScope> {
  /** Boots whose code may still ask for their scope. */
  open?: number;
}

/**
 * The boot of one worker application, and what it has made so far: Nest hands out the application only when the boot has
 * succeeded, but what a boot that failed or was cut short has opened must be closed too.
 */
export class BootScope {
  readonly hooks = new HookWatch();
  /** The application; only after a boot that succeeded. */
  context?: INestApplicationContext;
  /** Resolves when the boot has ended, well or badly. */
  settled: Promise<void> = Promise.resolve();
  private container?: NestContainer;
  private readonly closers = new Set<() => void>();
  private state: 'open' | 'booted' | 'released' = 'open';

  /** The boot that this code runs in; none in an application that `runWorker` did not start. */
  static current(): BootScope | undefined {
    return scopes.getStore();
  }

  /** Boots the application. */
  async run(create: () => Promise<INestApplicationContext>): Promise<INestApplicationContext> {
    scopes.open = (scopes.open ?? 0) + 1;
    const booting = scopes.run(this, create);
    this.settled = booting.then(
      () => undefined,
      () => undefined,
    );
    this.context = await booting;
    // Before node 24 a storage that was used once slows down every promise of the process. Code of a boot that failed may still ask.
    if (--scopes.open === 0) scopes.disable();
    if (this.state === 'open') this.state = 'booted';
    return this.context;
  }

  /** The modules of the application, known before any of their hooks runs. */
  useContainer(container: NestContainer): void {
    if (this.state === 'open') this.container = container;
  }

  /** To be called when the hooks begin. */
  watchHooks(): void {
    if (this.state === 'open' && this.container) this.hooks.watch(this.container.getModules());
  }

  /** What is closed last of all; at once when the boot was given up meanwhile. */
  onRelease(close: () => void): void {
    if (this.state === 'released') close();
    else if (this.state === 'open') this.closers.add(close);
  }

  /** Runs the shutdown hooks, also those of an application whose boot failed. */
  async close(signal?: string): Promise<void> {
    const { container } = this;
    if (container) this.hooks.watch(container.getModules());
    const context = this.context ?? (container && new NestApplicationContext(container));
    // Not `context.close()`: that one is ours.
    if (context) await NestApplicationContext.prototype.close.call(context, signal);
  }

  /** Closes the queue, whatever the hooks have done. */
  release(): void {
    this.state = 'released';
    for (const close of this.closers) close();
    this.closers.clear();
    this.hooks.release();
  }
}

import { Inject, type ModuleMetadata } from '@nestjs/common';
import { type NestContainer, NestFactory } from '@nestjs/core';
import { onTestFinished } from 'vitest';
import { BootScope } from './boot.scope.js';
import { ClosingOrder } from './closing.order.js';

type Container = { container: NestContainer };

/** Boots an application. */
function boot(scope: BootScope, providers: ModuleMetadata['providers'] = []) {
  return scope.run(() =>
    NestFactory.createApplicationContext(
      { module: class {}, providers },
      { logger: false, abortOnError: false },
    ),
  );
}

/** Of a process in which no boot has failed: those stay known. */
async function unusedScopes(): Promise<typeof BootScope> {
  const shared = globalThis as { [key: symbol]: unknown };
  const key = Symbol.for('scalr-queue.boot');
  const { [key]: used } = shared;
  onTestFinished(() => {
    shared[key] = used;
    vi.resetModules();
  });
  delete shared[key];
  vi.resetModules();
  return (await import('./boot.scope.js')).BootScope;
}

function gate(): [open: () => void, opened: Promise<void>] {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return [() => open(), opened];
}

const containerOf = (context: object) => (context as Container).container;

describe('the boot of a worker', () => {
  it('is known to the code that runs in it, and to no other', async () => {
    const scope = new BootScope();
    const seen: unknown[] = [];
    class Provider {
      constructor() {
        seen.push(BootScope.current());
      }
      async onModuleInit() {
        await Promise.resolve();
        seen.push(BootScope.current());
      }
    }
    const context = await boot(scope, [Provider]);
    expect(seen).toEqual([scope, scope]);
    expect(BootScope.current()).toBeUndefined();
    expect(scope.context).toBe(context);
    await context.close();
  });

  it('is forgotten when it has succeeded, and no other boot is under way: until then all promises are watched', async () => {
    const Scope = await unusedScopes();
    const seen: unknown[] = [];
    const [end, ended] = gate();
    const other = new Scope();
    const othersEnd = other.run(async () => {
      const context = await boot(new Scope());
      seen.push(Scope.current());
      void ended.then(() => seen.push(Scope.current()));
      return context;
    });
    const context = await othersEnd;
    end();
    await vi.waitFor(() => expect(seen).toEqual([other, undefined]), { timeout: 10_000 });
    await context.close();
  });

  it('goes on being known to what a boot that failed has left', async () => {
    const [end, ended] = gate();
    const scope = new BootScope();
    const seen: unknown[] = [];
    const booting = scope.run(() => {
      void ended.then(() => seen.push(BootScope.current()));
      return Promise.reject(new Error('no database'));
    });
    await expect(booting).rejects.toThrow('no database');
    await (await boot(new BootScope())).close();
    end();
    await vi.waitFor(() => expect(seen).toEqual([scope]), { timeout: 10_000 });
  });

  it('is settled when it has ended, well or badly', async () => {
    const well = new BootScope();
    const context = await boot(well);
    await expect(well.settled).resolves.toBeUndefined();
    await context.close();
    const badly = new BootScope();
    await expect(badly.run(() => Promise.reject(new Error('no database')))).rejects.toThrow('no database');
    await expect(badly.settled).resolves.toBeUndefined();
    expect(badly.context).toBeUndefined();
  });

  it('closes what it has made, though it failed', async () => {
    const closed: unknown[] = [];
    let container: NestContainer | undefined;
    const scope = new BootScope();
    class Pool {
      onModuleDestroy() {
        closed.push('pool');
      }
      onApplicationShutdown(signal: string) {
        closed.push(signal);
      }
    }
    const booting = scope.run(async () => {
      const context = await NestFactory.createApplicationContext(
        { module: class {}, providers: [Pool] },
        { logger: false },
      );
      container = containerOf(context);
      scope.useContainer(container);
      throw new Error('no database');
    });
    await expect(booting).rejects.toThrow('no database');
    await scope.close('SIGTERM');
    expect(closed).toEqual(['pool', 'SIGTERM']);
  });

  it('runs no hook of a class whose constructor has not run', async () => {
    const closed: string[] = [];
    class Client {
      constructor(readonly database: unknown) {}
      onModuleDestroy() {
        closed.push('client');
      }
    }
    Inject('DATABASE')(Client, undefined, 0);
    class Made {
      onModuleDestroy() {
        closed.push('made');
      }
    }
    const scope = new BootScope();
    const providers = [
      ClosingOrder,
      Made,
      { provide: 'DATABASE', useFactory: () => new Promise(() => {}) },
      Client,
      { provide: 'SEARCH', inject: [Made], useFactory: () => Promise.reject(new Error('no search')) },
    ];
    await expect(boot(scope, providers)).rejects.toThrow('no search');
    await scope.close();
    expect(closed).toEqual(['made']);
  });

  it('has nothing to close where nothing was made', async () => {
    const scope = new BootScope();
    await scope.close();
    scope.release();
    expect(scope.hooks.running).toEqual([]);
  });

  it('has nothing to do with an application that is made from its code later', async () => {
    const closed: string[] = [];
    class Ours {
      onModuleDestroy() {
        closed.push('ours');
      }
    }
    class Another {
      onModuleDestroy() {
        closed.push('another');
      }
    }
    const scope = new BootScope();
    const context = await boot(scope, [Ours]);
    const other = await NestFactory.createApplicationContext(
      { module: class {}, providers: [Another] },
      { logger: false },
    );
    scope.useContainer(containerOf(other));
    scope.watchHooks();
    await scope.close();
    expect(closed).toEqual(['ours']);
    expect(Object.getOwnPropertyNames(other.get(Another))).toEqual([]);
    await other.close();
    expect(closed).toEqual(['ours', 'another']);
    await context.close();
  });

  it('watches the hooks of its application from when they begin', async () => {
    const scope = new BootScope();
    // Nothing is known yet.
    scope.watchHooks();
    const context = await scope.run(async () => {
      const made = await NestFactory.createApplicationContext(
        { module: class {}, providers: [{ provide: 'SLOW', useValue: { onModuleDestroy: () => slow } }] },
        { logger: false },
      );
      scope.useContainer(containerOf(made));
      scope.watchHooks();
      return made;
    });
    let end = () => {};
    const slow = new Promise<void>((resolve) => (end = resolve));
    const closing = context.close();
    await vi.waitFor(() => expect(scope.hooks.running).toEqual(['SLOW.onModuleDestroy']), {
      timeout: 10_000,
    });
    end();
    await closing;
    expect(scope.hooks.running).toEqual([]);
  });

  it('releases once what the boot has opened, and what it opens after it was given up', async () => {
    const released: string[] = [];
    const scope = new BootScope();
    scope.onRelease(() => released.push('early'));
    scope.release();
    expect(released).toEqual(['early']);
    scope.onRelease(() => released.push('late'));
    scope.release();
    expect(released).toEqual(['early', 'late']);
  });

  it('leaves to others what is opened after it has succeeded', async () => {
    const released: string[] = [];
    const scope = new BootScope();
    scope.onRelease(() => released.push('of the boot'));
    const context = await boot(scope);
    scope.onRelease(() => released.push('later'));
    scope.release();
    expect(released).toEqual(['of the boot']);
    await context.close();
  });

  it('leaves the providers as they were', async () => {
    const client = { onModuleDestroy: () => undefined };
    const { onModuleDestroy } = client;
    const scope = new BootScope();
    const context = await scope.run(async () => {
      const made = await NestFactory.createApplicationContext(
        { module: class {}, providers: [{ provide: 'CLIENT', useValue: client }] },
        { logger: false },
      );
      scope.useContainer(containerOf(made));
      scope.watchHooks();
      return made;
    });
    expect(client.onModuleDestroy).not.toBe(onModuleDestroy);
    scope.release();
    expect(client.onModuleDestroy).toBe(onModuleDestroy);
    await context.close();
  });
});

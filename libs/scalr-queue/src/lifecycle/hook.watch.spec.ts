import { Logger, type ModuleMetadata, Scope } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { HookWatch } from './hook.watch.js';

/** Resolves when the test says so. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

async function start(providers: ModuleMetadata['providers']) {
  const context = await NestFactory.createApplicationContext(
    { module: class {}, providers },
    { logger: false, abortOnError: false },
  );
  const watch = new HookWatch();
  watch.watch(context.get(ModulesContainer));
  return { context, watch };
}

/** What is told as an error, with the stack that goes with it. */
function told() {
  const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
  onTestFinished(() => error.mockRestore());
  return error.mock.calls as unknown[][];
}

const CLOSING = ['onModuleDestroy', 'beforeApplicationShutdown', 'onApplicationShutdown'];

describe('the hooks of an application', () => {
  it.each(CLOSING)('are known while they run: %s', async (hook) => {
    const { opened, open } = gate();
    class SearchClient {
      [hook] = () => opened;
    }
    const { context, watch } = await start([SearchClient]);
    expect(watch.running).toEqual([]);
    const closed = context.close();
    await vi.waitFor(() => expect(watch.running).toEqual([`SearchClient.${hook}`]), { timeout: 10_000 });
    open();
    await closed;
    expect(watch.running).toEqual([]);
  });

  it.each(['onModuleInit', 'onApplicationBootstrap'])(
    'are known while the application boots: %s',
    async (hook) => {
      const { opened, open } = gate();
      const watch = new HookWatch();
      class SearchClient {
        [hook] = () => opened;
      }
      const watcher = {
        provide: 'WATCHER',
        inject: [ModulesContainer],
        // Before any hook runs, when all that is there was made.
        useFactory: (modules: ModulesContainer) => queueMicrotask(() => watch.watch(modules)),
      };
      const booted = start([SearchClient, watcher]);
      await vi.waitFor(() => expect(watch.running).toEqual([`SearchClient.${hook}`]), { timeout: 10_000 });
      open();
      await booted;
      expect(watch.running).toEqual([]);
    },
  );

  it.each(CLOSING)('are all run when one of them fails, which is told by its name: %s', async (hook) => {
    const errors = told();
    const log: unknown[] = [];
    const failure = new Error('no such socket');
    class Broken {
      [hook]() {
        throw failure;
      }
    }
    class Odd {
      [hook]() {
        return new Promise((_resolve, reject: (reason: unknown) => void) => reject('a text'));
      }
    }
    class Sound {
      readonly name = 'sound';
      [hook](...args: unknown[]) {
        log.push(this.name, ...args);
      }
    }
    const { context } = await start([Broken, Odd, Sound]);
    await (context as { close(signal: string): Promise<void> }).close('SIGTERM');
    expect(log).toEqual(hook === 'onModuleDestroy' ? ['sound'] : ['sound', 'SIGTERM']);
    expect(errors.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual([
      [`Broken.${hook} failed: Error: no such socket`, failure.stack],
      [`Odd.${hook} failed: a text`, undefined],
    ]);
  });

  it('have the name of their class, or of the token where that says nothing', async () => {
    const seen = new Set<string>();
    const note = () => {
      for (const name of watch.running) seen.add(name);
    };
    class Client {
      onModuleDestroy() {
        note();
      }
    }
    const { context, watch } = await start([
      { provide: 'DATABASE', useValue: { onModuleDestroy: note } },
      { provide: 'SEARCH', useFactory: () => new Client() },
      { provide: 'ALIAS', useExisting: 'DATABASE' },
      { provide: 'BARE', useValue: Object.assign(Object.create(null), { onModuleDestroy: note }) },
      { provide: 'TEXT', useValue: 'no object' },
      { provide: 'NOTHING', useValue: null },
    ]);
    await context.close();
    expect([...seen].toSorted()).toEqual([
      'BARE.onModuleDestroy',
      'Client.onModuleDestroy',
      'DATABASE.onModuleDestroy',
    ]);
  });

  it('are named once, however many instances there are', async () => {
    const { opened, open } = gate();
    class Each {
      onModuleDestroy() {
        return opened;
      }
    }
    Reflect.defineMetadata('scope:options', { scope: Scope.TRANSIENT }, Each);
    const uses = (name: string) => ({
      provide: name,
      useFactory: (each: Each) => ({ each }),
      inject: [Each],
    });
    const { context, watch } = await start([Each, uses('A'), uses('B')]);
    const closed = context.close();
    await vi.waitFor(() => expect(watch.running).toEqual(['Each.onModuleDestroy']), { timeout: 10_000 });
    open();
    await closed;
    expect(watch.running).toEqual([]);
  });

  it('are left alone of what lives for a request only', async () => {
    class PerRequest {
      onModuleDestroy() {
        return Promise.reject(new Error('not of this application'));
      }
    }
    Reflect.defineMetadata('scope:options', { scope: Scope.REQUEST }, PerRequest);
    const errors = told();
    const { context } = await start([PerRequest]);
    await context.close();
    expect(errors).toEqual([]);
  });

  it('are wrapped once, and as they were before after the release', async () => {
    const log: string[] = [];
    const own = () => void log.push('own');
    class Client {
      beforeApplicationShutdown = own;
      onModuleDestroy() {
        log.push('class');
      }
    }
    const { context, watch } = await start([Client]);
    const client = context.get(Client);
    const hook = (of: object, name: string): unknown => Reflect.get(of, name);
    const wrapped = hook(client, 'onModuleDestroy');
    watch.watch(context.get(ModulesContainer));
    expect(hook(client, 'onModuleDestroy')).toBe(wrapped);
    expect(client.beforeApplicationShutdown).not.toBe(own);
    expect(Object.keys(client)).toEqual([]);
    watch.release();
    expect(Object.getOwnPropertyNames(client)).toEqual(['beforeApplicationShutdown']);
    expect(Object.keys(client)).toEqual(['beforeApplicationShutdown']);
    expect(client.beforeApplicationShutdown).toBe(own);
    expect(hook(client, 'onModuleDestroy')).toBe(hook(Client.prototype, 'onModuleDestroy'));
    await context.close();
    expect(log).toEqual(['class', 'own']);
  });

  it('of a frozen instance run unseen', async () => {
    const onModuleDestroy = vi.fn<() => void>();
    const { context, watch } = await start([
      { provide: 'FROZEN', useValue: Object.freeze({ onModuleDestroy }) },
    ]);
    await context.close();
    expect(onModuleDestroy).toHaveBeenCalledOnce();
    watch.release();
  });
});

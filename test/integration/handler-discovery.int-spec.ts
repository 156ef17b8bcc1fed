import {
  Controller,
  Inject,
  Injectable,
  Logger,
  Module,
  type Provider,
  Scope,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD, ContextIdFactory, REQUEST } from '@nestjs/core';
import { defineJob, type JobContext, ProcessJob } from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { startBoth, startProducer, startWorker, testModule, uniqueApp } from '../support/apps.js';
import { runWorker } from 'scalr-queue/worker';
import { NestFactory } from '@nestjs/core';

const Greet = defineJob<{ to: string }, string>('greet');
const patience = { waitFor: '10s' } as const;

@Injectable()
class Words {
  readonly hello = 'hello';
}

@Injectable()
class Greeter {
  constructor(@Inject(Words) private readonly words: Words) {}

  @ProcessJob(Greet)
  greet({ to }: { to: string }): string {
    return `${this.words.hello} ${to}`;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGreeter extends Greeter {}

class Tenant {
  constructor(readonly name: string) {}
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class DurableGreeter {
  constructor(@Inject(REQUEST) private readonly tenant: Tenant) {}

  @ProcessJob(Greet)
  greet({ to }: { to: string }): string {
    return `${this.tenant.name} greets ${to}`;
  }
}

const loud = (_target: object, _method: string, descriptor: PropertyDescriptor): void => {
  const original = descriptor.value as (...args: unknown[]) => string;
  descriptor.value = function (this: unknown, ...args: unknown[]) {
    return original.apply(this, args).toUpperCase();
  };
};

class Wrapped {
  @loud
  @ProcessJob(Greet)
  greet({ to }: { to: string }): string {
    return `hello ${to}`;
  }
}

class Overriding extends Wrapped {
  override greet(payload: { to: string }): string {
    return `${super.greet(payload)}!`;
  }
}

const method = Symbol('greet');
class Symbolic {
  @ProcessJob(Greet)
  [method]({ to }: { to: string }): string {
    return `hello ${to}`;
  }
}

/** Handled by a request-scoped factory whose token is the class. */
class Made {
  constructor(private readonly context: JobContext) {}

  @ProcessJob(Greet)
  greet({ to }: { to: string }): string {
    return `${this.context.name} ${to}`;
  }
}
const made: Provider = {
  provide: Made,
  useFactory: (context: JobContext) => new Made(context),
  inject: [REQUEST],
  scope: Scope.REQUEST,
};

describe('a handler is found and called', () => {
  it.each<[string, Provider[], string]>([
    [
      'once, with aliases of its provider',
      [
        { provide: 'BY_FACTORY', useFactory: (greeter: Greeter) => greeter, inject: [Greeter] },
        { provide: 'BY_TOKEN', useExisting: Greeter },
        Words,
        Greeter,
      ],
      'hello ann',
    ],
    ['on a transient provider with its dependencies', [Words, TransientGreeter], 'hello ann'],
    ['below a decorator that wraps it', [Wrapped], 'HELLO ANN'],
    ['where a subclass overrides it', [Overriding], 'HELLO ANN!'],
    ['under the name of a symbol', [Symbolic], 'hello ann'],
    ['on what a factory in request scope makes', [made], 'greet ann'],
  ])('%s', async (_what, providers, result) => {
    const { queue } = await startBoth({ providers });
    expect(await queue.enqueueAndWait(Greet, { to: 'ann' }, patience)).toBe(result);
  });

  it('on a durable provider, which the strategy of the app chooses', async () => {
    const tenants = new Map<string, { id: number }>();
    ContextIdFactory.apply({
      attach: (contextId, { queue }: JobContext) => {
        if (!tenants.has(queue)) tenants.set(queue, ContextIdFactory.create());
        return {
          resolve: (info) => (info.isTreeDurable ? tenants.get(queue)! : contextId),
          payload: new Tenant(queue),
        };
      },
    });
    onTestFinished(() => ContextIdFactory.apply(undefined as never));
    const { queue } = await startBoth({ providers: [DurableGreeter] });
    expect(await queue.enqueueAndWait(Greet, { to: 'ann' }, patience)).toBe('default greets ann');
    expect(await queue.enqueueAndWait(Greet, { to: 'bob' }, patience)).toBe('default greets bob');
  });

  it('on each of two providers with the same token, in request scope', async () => {
    const Bye = defineJob<{ to: string }, string>('bye');
    @Injectable({ scope: Scope.REQUEST })
    class ByeSayer {
      @ProcessJob(Bye)
      bye({ to }: { to: string }): string {
        return `bye ${to}`;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class HelloSayer {
      @ProcessJob(Greet)
      greet({ to }: { to: string }): string {
        return `hello ${to}`;
      }
    }
    @Module({ providers: [{ provide: 'SAYER', useClass: ByeSayer }] })
    class ByeModule {}
    @Module({ providers: [{ provide: 'SAYER', useClass: HelloSayer }] })
    class HelloModule {}
    const { queue } = await startBoth({ imports: [ByeModule, HelloModule] });
    expect(await queue.enqueueAndWait(Greet, { to: 'ann' }, patience)).toBe('hello ann');
    expect(await queue.enqueueAndWait(Bye, { to: 'ann' }, patience)).toBe('bye ann');
  });
});

class NoopInterceptor {
  intercept = (_context: unknown, next: { handle(): never }) => next.handle();
}
@UseInterceptors(NoopInterceptor)
class Intercepted {
  @ProcessJob(Greet)
  greet() {
    return '';
  }
}
class Piped {
  @loud
  @UsePipes(new ValidationPipe({ validatorPackage: {}, transformerPackage: {} } as never))
  @ProcessJob(Greet)
  greet() {
    return '';
  }
}
@Injectable({ scope: Scope.TRANSIENT })
class Unshared {
  canActivate = () => true;
}
@Controller()
class GreetController {
  @ProcessJob(Greet)
  greet() {
    return '';
  }
}

describe('a worker does not start', () => {
  it.each<[string, Provider[], RegExp]>([
    [
      'a pipe that is lost on its way',
      [Piped],
      /^@UsePipes\(\w*Pipe\) on Piped\.greet would not run: a decorator above it has put another function/,
    ],
    [
      'an interceptor that nobody makes',
      [{ provide: 'made', useFactory: () => new Intercepted() }],
      /^NoopInterceptor on made\.greet would not run: Nest makes no instance of it, as Intercepted is not itself a provider of/,
    ],
  ])('with a handler that has %s', async (_what, providers, message) => {
    await expect(startWorker({ providers })).rejects.toThrow(message);
  });

  it('with a global enhancer that is transient', async () => {
    const providers = [Wrapped, { provide: APP_GUARD, useClass: Unshared, scope: Scope.TRANSIENT }];
    await expect(startWorker({ providers, enhancers: { global: true } })).rejects.toThrow(
      /^the global enhancer Unshared has Scope\.TRANSIENT and would not run around Wrapped\.greet/,
    );
  });

  it('with a handler on a controller', async () => {
    await expect(startWorker({ controllers: [GreetController] })).rejects.toThrow(
      /^GreetController\.greet handles a job, but GreetController is a controller/,
    );
  });

  it('with the same class in two modules, which are named', async () => {
    @Module({ providers: [Wrapped] })
    class OneModule {}
    @Module({ providers: [Wrapped] })
    class OtherModule {}
    await expect(startWorker({ imports: [OneModule, OtherModule] })).rejects.toThrow(
      'two handlers for the job "greet": Wrapped.greet of OneModule and Wrapped.greet of OtherModule. Provide the class in one',
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['undefined', undefined, /^expected runWorker to get the class of a module.*got: undefined\. Check/],
    ['an instance', new Words(), /got an instance of Words: pass the class, without "new"$/],
    ['an object', {}, /got an object without the field "module"$/],
  ])('with %s for a module', async (_what, module, message) => {
    await expect(runWorker(module as never, { port: 0, signals: false })).rejects.toThrow(message);
  });

  it('with the queues of two apps', async () => {
    const imports = [testModule({ app: 'one' }), testModule({ app: 'two' })];
    const root = { module: class RootModule {}, imports };
    await expect(runWorker(root, { port: 0, signals: false, logger: false })).rejects.toThrow(
      /^ScalrQueueModule\.forRoot\(\) is imported twice, for the apps "(?:one|two)" and "(?:one|two)"/,
    );
  });
});

describe('a warning is logged', () => {
  const warnings = () => {
    const warn = vi.fn<(message: unknown) => void>();
    const logger = { log: () => {}, error: () => {}, debug: () => {}, warn };
    onTestFinished(() => Logger.overrideLogger(false));
    return { logger, said: () => warn.mock.calls.map(([message]) => message) };
  };

  it('by a worker without a handler', async () => {
    const { logger, said } = warnings();
    await startWorker({}, { logger });
    expect(said()).toContainEqual(expect.stringMatching(/^This worker has no handler and will run no jobs/));
  });

  it('by an application context that holds handlers, and not by a worker', async () => {
    const { logger, said } = warnings();
    await startWorker({ providers: [Wrapped] }, { logger });
    const held = expect.stringMatching(/^This process runs no jobs, but holds Wrapped\.greet: .*runWorker/);
    expect(said()).not.toContainEqual(held);
    const context = await NestFactory.createApplicationContext(testModule({ providers: [Wrapped] }), {
      logger,
    });
    onTestFinished(() => context.close());
    expect(said()).toContainEqual(held);
  });

  it('of a factory in request scope whose class is not known', async () => {
    class Hidden extends Symbolic {
      @ProcessJob(defineJob('hidden'))
      hidden() {}
    }
    const { logger, said } = warnings();
    const hidden = { provide: 'HIDDEN', useFactory: () => new Hidden(), scope: Scope.REQUEST };
    await startWorker({ providers: [hidden] }, { logger });
    expect(said()).toContainEqual(
      expect.stringMatching(/^The handlers of .* do not run if they are made by "HIDDEN"/),
    );
  });
});

it('says how to import the module that has no options', async () => {
  const { ScalrQueueModule } = await import('scalr-queue');
  const root = { module: class RootModule {}, imports: [ScalrQueueModule] };
  const booting = NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  await expect(booting).rejects.toThrow(/imported without options: write ScalrQueueModule\.forRoot\(/);
  await startProducer({ app: uniqueApp(), imports: [ScalrQueueModule] });
});

import { type DynamicModule, type InjectionToken, Module, type Provider, type Type } from '@nestjs/common';
import { DiscoveryModule, ModulesContainer } from '@nestjs/core';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { GIVEN_OPTIONS } from '../config/tokens.js';
import { BULL, BULL_REFUSAL } from '../engine/redis/bull.modules.js';
import { RedisEngineModule } from '../engine/redis/redis-engine.module.js';
import { PARTS } from '../scalr-queue.module.js';
import { EnqueueLog } from './enqueue.log.js';
import { SUBSTITUTES } from './substitutes.js';
import { TestQueue } from './test.queue.js';
import { TestEngineModule } from './test.engine.module.js';
import { TEST_OPTIONS, TestHarness } from './test.harness.js';
import { VirtualClock } from './virtual.clock.js';
import { checkTestOptions, type TestingModuleOptions, type TestQueueOptions } from './testing.options.js';

/** Modules of others that those of the library import. */
const FOREIGN: Type[] = [DiscoveryModule];
/** The parts of production that stay. */
const KEPT_PARTS = PARTS.filter((part) => part !== RedisEngineModule);

/** The handle of the test and the memory behind it. */
@Module({})
class TestQueueModule {}

/** What `useTestQueue` needs of the builder that `Test.createTestingModule` returns. */
export interface OverridableBuilder {
  /** As Nest has it. */
  overrideProvider(token: unknown): {
    useFactory(options: { factory: (...args: never[]) => unknown; inject?: never[] }): unknown;
  };
  /** As Nest has it. */
  overrideModule(module: never): { useModule(module: never): unknown };
}

/**
 * The queue without Redis, for tests of parts of an app: all services of `scalr-queue` can be injected, and the `TestQueue`
 * handles them. For a test of a module that imports `ScalrQueueModule` itself, see `useTestQueue`.
 */
@Module({})
export class ScalrQueueTestingModule {
  /**
   * @throws InvalidOptionError, QueueConfigError when an option is wrong; QueueConfigError, when the module is compiled, when
   * the real queue is imported too
   *
   * @example
   * const module = await Test.createTestingModule({
   *   imports: [ScalrQueueTestingModule.forRoot()],
   *   providers: [InvoiceProcessor],
   * }).compile();
   * const queue = module.get(TestQueue);
   */
  static forRoot(options: TestingModuleOptions = {}): DynamicModule {
    const { mode, now, patience, transaction, ...given } = options;
    const providers: Provider[] = [
      ...SUBSTITUTES,
      ...productionProviders(),
      { provide: GIVEN_OPTIONS, useFactory: unlessReal(given), inject: [ModulesContainer] },
    ];
    return {
      module: ScalrQueueTestingModule,
      global: true,
      imports: [...FOREIGN, TestEngineModule, testQueueModule({ mode, now, patience, transaction })],
      providers,
      exports: providers.map(tokenOf),
    };
  }
}

/**
 * Puts the test queue in the place of the real one in an application that imports `ScalrQueueModule`: its options count, but
 * no connection is ever opened. To be called before `compile`.
 *
 * @param builder what `Test.createTestingModule` returned
 * @returns the same builder
 *
 * @example
 * const module = await useTestQueue(Test.createTestingModule({ imports: [AppModule] })).compile();
 * const queue = module.get(TestQueue);
 */
export function useTestQueue<B extends OverridableBuilder>(builder: B, options: TestQueueOptions = {}): B {
  builder.overrideModule(BULL as never).useModule(testQueueModule(options) as never);
  builder.overrideModule(RedisEngineModule as never).useModule(TestEngineModule as never);
  for (const { provide, useFactory, inject } of SUBSTITUTES)
    builder.overrideProvider(provide).useFactory({ factory: useFactory, inject: inject as never[] });
  return builder;
}

function testQueueModule(options: TestQueueOptions): DynamicModule {
  const checked = checkTestOptions(options);
  const providers = [
    { provide: VirtualClock, useValue: new VirtualClock(checked.now) },
    { provide: TEST_OPTIONS, useValue: checked },
    EnqueueLog,
    TestHarness,
    TestQueue,
  ];
  return {
    module: TestQueueModule,
    global: true,
    imports: [BULL_REFUSAL],
    providers,
    exports: [VirtualClock, TEST_OPTIONS, EnqueueLog, TestHarness, TestQueue],
  };
}

/** The options, asked for before anything connects, unless the real queue is there too: it would be used here and there. */
function unlessReal<T>(options: T) {
  return (modules: ModulesContainer): T => {
    const parts: readonly unknown[] = PARTS;
    if (![...modules.values()].some(({ metatype }) => parts.includes(metatype))) return options;
    throw new QueueConfigError(
      'the testing module imports ScalrQueueTestingModule and, by itself or through a module of the app, ScalrQueueModule or ' +
        'ScalrQueueMetricsModule: leave ScalrQueueTestingModule out and use useTestQueue(Test.createTestingModule(...))',
    );
  };
}

/** All of production but what is substituted, whatever it will be. */
function productionProviders(): Provider[] {
  const replaced = new Set<unknown>(SUBSTITUTES.map(({ provide }) => provide));
  const providers = modulesBehind(KEPT_PARTS).flatMap((part) => metadataOf(part, 'providers') as Provider[]);
  return providers.filter((provider) => !replaced.has(tokenOf(provider)));
}

/** The modules of the library with all that they import. */
function modulesBehind(parts: readonly unknown[], found = new Set<unknown>()): unknown[] {
  for (const part of parts) {
    if (found.has(part) || FOREIGN.includes(part as Type)) continue;
    found.add(part);
    modulesBehind(metadataOf(part, 'imports'), found);
  }
  return [...found];
}

function metadataOf(part: unknown, key: string): unknown[] {
  return (Reflect.getMetadata(key, part as object) as unknown[] | undefined) ?? [];
}

function tokenOf(provider: Provider): InjectionToken {
  return 'provide' in provider ? provider.provide : provider;
}

import {
  Logger,
  type DynamicModule,
  Global,
  Module,
  type ModuleMetadata,
  type OnApplicationBootstrap,
  Optional,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { BULL } from './engine/redis/bull.modules.js';
import { RedisEngineModule } from './engine/redis/redis-engine.module.js';
import { DurabilityModule } from './durability/durability.module.js';
import { DeadLetterService } from './dead-letter/dead-letter.service.js';
import { AuditModule } from './audit/audit.module.js';
import { AuditService } from './audit/audit.service.js';
import { DeadLetterModule } from './dead-letter/dead-letter.module.js';
import { QueueConfigError } from './contract/errors/configuration.errors.js';
import { HistoryModule } from './history/history.module.js';
import { HistoryService } from './history/history.service.js';
import { HealthReport } from './health/health.report.js';
import { ScalrQueueHealthIndicator } from './health/scalr-queue.health.js';
import { HealthModule } from './health/health.module.js';
import { AppState } from './inspection/app.state.js';
import { JobsService } from './inspection/jobs.service.js';
import { QueuesService } from './inspection/queues.service.js';
import { aliasesFor, registerCopy, severalCopies } from './lifecycle/copies.js';
import { InspectionModule } from './inspection/inspection.module.js';
import { withPassword } from './config/redis-options.js';
import { ScalrQueueMetrics } from './metrics/scalr-queue.metrics.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { JobEvents } from './observability/job-event.stream.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { type ResolvedOptions, resolveOptions } from './config/resolved-options.js';
import type { ScalrQueueOptions, ScalrQueueOptionsFactory } from './config/scalr-queue.options.js';
import { GIVEN_OPTIONS, RESOLVED_OPTIONS } from './config/tokens.js';
import { EnqueueService } from './producer/enqueue.service.js';
import { ProducerModule } from './producer/producer.module.js';
import { SchedulesService } from './scheduling/schedules.service.js';
import { SchedulingModule } from './scheduling/scheduling.module.js';
import { SharedModule } from './shared/shared.module.js';
import { SharedRedis } from './shared/shared.redis.js';
import { loadTracing } from './tracing/load-tracing.js';
import { JobCounters } from './worker/job.counters.js';
import { WorkerPool } from './worker/worker.pool.js';
import { IdleHandlers } from './worker/idle-handlers.js';
import { WorkerModule } from './worker/worker.module.js';

/** Options of `ScalrQueueModule.forRootAsync`: one of `useFactory`, `useClass` and `useExisting`. */
export interface ScalrQueueAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Makes the options, from what `inject` names. */
  readonly useFactory?: (...dependencies: never[]) => ScalrQueueOptions | Promise<ScalrQueueOptions>;
  /** What the factory is given. */
  readonly inject?: NonNullable<Extract<Provider, { inject?: unknown }>['inject']>;
  /** A class to instantiate that makes the options. */
  readonly useClass?: Type<ScalrQueueOptionsFactory>;
  /** A provider of `imports` that makes the options. */
  readonly useExisting?: Type<ScalrQueueOptionsFactory>;
}

/** What the queue of an app consists of, for all to use. */
export const PARTS = [
  RedisEngineModule,
  ObservabilityModule,
  ProducerModule,
  DurabilityModule,
  AuditModule,
  InspectionModule,
  DeadLetterModule,
  SchedulingModule,
  HistoryModule,
  HealthModule,
  MetricsModule,
  SharedModule,
  WorkerModule,
] as const;

/** What a class that another copy of this package is injected into may ask for, and what `runWorker` of another copy uses. */
const COPY = registerCopy([
  EnqueueService,
  JobsService,
  DeadLetterService,
  SchedulesService,
  QueuesService,
  HistoryService,
  AuditService,
  SharedRedis,
  JobEvents,
  ScalrQueueMetrics,
  ScalrQueueHealthIndicator,
  AppState,
  HealthReport,
  JobCounters,
  WorkerPool,
]);

/** The checked options, visible to every module of the library. */
@Global()
@Module({})
class OptionsModule {}

/**
 * The queue of an app. Import it once, at the root; `EnqueueService`, `JobsService` and `ScalrQueueHealthIndicator` can then be
 * injected everywhere. The same module serves web and worker processes: only `runWorker` runs jobs.
 */
@Global()
@Module({})
export class ScalrQueueModule implements OnApplicationBootstrap {
  private readonly logger = new Logger('ScalrQueue');

  /** @internal */
  constructor(@Optional() private readonly idle?: IdleHandlers) {
    if (idle) return;
    throw new QueueConfigError(
      'ScalrQueueModule was imported without options: write ScalrQueueModule.forRoot({ app, redis }) in the root module, or forRootAsync',
    );
  }

  /**
   * @throws QueueConfigError when an option or a `SCALR_*` variable is wrong
   *
   * @example
   * ScalrQueueModule.forRoot({ app: 'billing', redis: 'redis://scalr-redis:6379/0' })
   */
  static forRoot(options: ScalrQueueOptions = {}): DynamicModule {
    return compose({ provide: GIVEN_OPTIONS, useValue: options });
  }

  /**
   * The same with options that come from other providers.
   *
   * @example
   * ScalrQueueModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ app: 'billing', redis: config.getOrThrow('SCALR_REDIS_URL') }),
   * })
   */
  static forRootAsync(options: ScalrQueueAsyncOptions): DynamicModule {
    const { imports, useFactory, inject = [], useClass, useExisting } = options;
    if (useFactory) return compose({ provide: GIVEN_OPTIONS, useFactory, inject }, imports);
    const factory = useClass ?? useExisting;
    if (!factory)
      throw new QueueConfigError(
        'expected forRootAsync to get one of useFactory, useClass and useExisting, got none of them',
      );
    const make = (made: ScalrQueueOptionsFactory) => made.createScalrQueueOptions();
    return compose(
      { provide: GIVEN_OPTIONS, useFactory: make, inject: [factory] },
      imports,
      useClass ? [useClass] : [],
    );
  }

  /** Called by Nest. */
  onApplicationBootstrap(): void {
    this.idle?.warn();
    const copies = severalCopies();
    if (!copies) return;
    this.logger.warn(
      `Two copies of scalr-queue are loaded: ${copies}. Their jobs, signals, errors and services work together; ` +
        'keep one anyway, so that both sides have the same version.',
    );
  }
}

/** The options checked, with the password fetched where a function gives it; nothing is connected yet. */
async function resolveForUse(
  options: ScalrQueueOptions,
  modules: ModulesContainer,
): Promise<ResolvedOptions> {
  const resolved = resolveOptions(options);
  refuseOther(modules, resolved);
  const usable = { ...resolved, redis: await withPassword(resolved.redis) };
  // Before anything connects: its package may be missing.
  await loadTracing(usable);
  return usable;
}

const RESOLVED: Provider = {
  provide: RESOLVED_OPTIONS,
  useFactory: resolveForUse,
  inject: [GIVEN_OPTIONS, ModulesContainer],
};

/** What the applications of this process were given first. */
const given = new WeakMap<ModulesContainer, { app: string; redis: string }>();

/** @throws QueueConfigError when the application has the queue of another app as well */
function refuseOther(modules: ModulesContainer, { app, redis }: ResolvedOptions): void {
  const own = { app, redis: JSON.stringify(redis) };
  const first = given.get(modules);
  given.set(modules, own);
  if (!first || (first.app === own.app && first.redis === own.redis)) return;
  const twice =
    first.app === app ? 'with different options redis' : `for the apps "${first.app}" and "${app}"`;
  throw new QueueConfigError(
    `ScalrQueueModule.forRoot() is imported twice, ${twice}: a process belongs to one app. Import it once, in the root module; ` +
      'its services can be injected everywhere.',
  );
}

function compose(
  options: Provider,
  imports: ModuleMetadata['imports'] = [],
  providers: Provider[] = [],
): DynamicModule {
  const aliases = aliasesFor(COPY);
  return {
    module: ScalrQueueModule,
    providers: aliases,
    imports: [
      {
        module: OptionsModule,
        imports,
        providers: [...providers, options, RESOLVED],
        exports: [RESOLVED_OPTIONS],
      },
      BULL,
      ...PARTS,
    ],
    // The engine is global: the test kit has another one in its place, which could not be exported from here.
    exports: [...PARTS.filter((part) => part !== RedisEngineModule), ...aliases],
  };
}

import { type INestApplicationContext, Logger, type LoggerService, Module } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import type {
  HealthCheckResult,
  HealthCheckService,
  HealthIndicatorResult,
  HealthIndicatorService,
} from '@nestjs/terminus';

/** One check of a report. */
export type HealthIndicator = (
  indicators: HealthIndicatorService,
) => HealthIndicatorResult | Promise<HealthIndicatorResult>;

interface Terminus {
  readonly health: HealthCheckService;
  readonly indicators: HealthIndicatorService;
}

@Module({})
class HealthChecksModule {}

/** The reports of terminus, which is loaded for the first of them: a worker that nobody asks boots without. */
export class HealthChecks {
  private terminus?: Promise<Terminus>;

  private constructor(private readonly context: INestApplicationContext) {}

  /** Opens an application context of its own, which is there before that of the app and after it. */
  static async open(): Promise<HealthChecks> {
    const options = { logger: false, abortOnError: false } as const;
    return new HealthChecks(
      await silently(() => NestFactory.createApplicationContext(HealthChecksModule, options)),
    );
  }

  /** @throws ServiceUnavailableException with the report when something is down */
  async report(...checks: HealthIndicator[]): Promise<HealthCheckResult> {
    const { health, indicators } = await (this.terminus ??= this.load());
    return health.check(checks.map((check) => async () => check(indicators)));
  }

  close(): Promise<void> {
    return this.context.close();
  }

  private async load(): Promise<Terminus> {
    const terminus = await import('@nestjs/terminus');
    const module = await this.context
      .get(LazyModuleLoader)
      .load(() => terminus.TerminusModule.forRoot({ logger: false }), { logger: false });
    return {
      health: module.get(terminus.HealthCheckService),
      indicators: module.get(terminus.HealthIndicatorService),
    };
  }
}

let opening = 0;
let loggerBefore: LoggerService | undefined;

/**
 * The logger of Nest is one for the process: puts back what the quiet context replaced, once no other one opens any more, and unless
 * somebody has set one since.
 */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const logger = Logger as unknown as { staticInstanceRef?: LoggerService };
  if (opening++ === 0) loggerBefore = logger.staticInstanceRef;
  try {
    return await work();
  } finally {
    if (--opening === 0) logger.staticInstanceRef ??= loggerBefore;
  }
}

import {
  type DynamicModule,
  Module,
  type ModuleMetadata,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { DeadLetterModule } from '../dead-letter/dead-letter.module.js';
import { InspectionModule } from '../inspection/inspection.module.js';
import { SchedulingModule } from '../scheduling/scheduling.module.js';
import { SharedModule } from '../shared/shared.module.js';
import { DashboardBoards } from './dashboard.boards.js';
import { DashboardConsole } from './dashboard.console.js';
import { DashboardMount } from './dashboard.mount.js';
import type { ScalrQueueDashboardAsyncOptions, ScalrQueueDashboardOptions } from './dashboard.options.js';
import { resolveDashboard } from './dashboard.settings.js';
import { DASHBOARD_SETTINGS } from './dashboard.tokens.js';
import { DeadBatches } from './dead.batches.js';
import { JobActions } from './job.actions.js';
import { BoardSources } from '../engine/redis/board.source.js';

/**
 * The dashboard of the app's queues, for the web process. It authenticates by itself (guards of Nest do not apply), shows
 * nothing without credentials, and changes nothing unless configured to.
 *
 * Import it beside `ScalrQueueModule`. With `ui: 'console'` it is the console of this app, on express or fastify; else it is bull-board, which needs
 * `@nestjs/platform-express`, `@bull-board/api` and `@bull-board/express`.
 */
@Module({})
export class ScalrQueueDashboardModule implements NestModule {
  /** @internal */
  constructor(private readonly dashboard: DashboardMount) {}

  /**
   * @throws QueueConfigError when an option is wrong; in production also without credentials, or with weak ones
   *
   * @example
   * ScalrQueueDashboardModule.forRoot({ path: '/queues' }) // who may open it: SCALR_DASHBOARD_USER, SCALR_DASHBOARD_PASSWORD
   */
  static forRoot(options: ScalrQueueDashboardOptions = {}): DynamicModule {
    return compose({ provide: DASHBOARD_SETTINGS, useFactory: () => resolveDashboard(options) });
  }

  /** The same with options that come from other providers. */
  static forRootAsync({ useFactory, inject = [], imports }: ScalrQueueDashboardAsyncOptions): DynamicModule {
    const resolve = async (...dependencies: never[]) => resolveDashboard(await useFactory(...dependencies));
    return compose({ provide: DASHBOARD_SETTINGS, useFactory: resolve, inject }, imports);
  }

  /** Called by Nest, in a web process only. */
  async configure(): Promise<void> {
    await this.dashboard.mount();
  }
}

function compose(settings: Provider, imports: ModuleMetadata['imports'] = []): DynamicModule {
  return {
    module: ScalrQueueDashboardModule,
    imports: [AuditModule, InspectionModule, DeadLetterModule, SchedulingModule, SharedModule, ...imports],
    providers: [
      settings,
      BoardSources,
      DeadBatches,
      JobActions,
      DashboardBoards,
      DashboardConsole,
      DashboardMount,
    ],
  };
}

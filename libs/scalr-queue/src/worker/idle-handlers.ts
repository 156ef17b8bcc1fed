import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { HandlerExplorer } from './handler.explorer.js';
import { WorkerEngine } from '../engine/engine-worker.js';
import { BootScope } from '../lifecycle/boot.scope.js';

/** Named in the warning. */
const MAX_NAMES = 3;

/** Warns of handlers in a process that runs no jobs: whoever put them there may think that they run, and they cost memory. */
@Injectable()
export class IdleHandlers {
  private readonly logger = new Logger('ScalrQueue');
  private hasWarned = false;

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly engine: WorkerEngine,
    private readonly host: HttpAdapterHost,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'reports'>,
  ) {}

  /** Once per application, unless `runWorker` boots it. */
  warn(): void {
    if (this.hasWarned || BootScope.current() !== undefined || !this.app.reports.idleHandlers) return;
    this.hasWarned = true;
    const idle = [
      ...this.explorer.labels(),
      ...this.engine.processors.allQueues().map((queue) => `the @Processor of "${queue}"`),
    ];
    if (idle.length === 0) return;
    const more = idle.length > MAX_NAMES ? ` and ${idle.length - MAX_NAMES} more` : '';
    const held = `${idle.slice(0, MAX_NAMES).join(', ')}${more}`;
    const servesHttp = Boolean(this.host.httpAdapter as unknown);
    this.logger.warn(
      servesHttp
        ? `This web process runs no jobs, but holds ${held}: import their modules into the worker's module only.`
        : `This process runs no jobs, but holds ${held}: a worker is started with runWorker(WorkerModule) of scalr-queue/worker, ` +
            'not with NestFactory.',
    );
  }
}

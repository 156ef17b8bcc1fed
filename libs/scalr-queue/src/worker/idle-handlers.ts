import { Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HandlerExplorer } from './handler.explorer.js';
import { ProcessorBridge } from './processor.bridge.js';

/** Named in the warning. */
const MOST = 3;

/** Tells of handlers in a web process: whoever put them there may think that they run, and they cost memory. */
@Injectable()
export class IdleHandlers {
  private readonly logger = new Logger('ScalrQueue');

  constructor(
    private readonly explorer: HandlerExplorer,
    private readonly bridge: ProcessorBridge,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Only where an application serves HTTP: a worker is a plain context. */
  warn(): void {
    if (!(this.host.httpAdapter as unknown)) return;
    const idle = [
      ...this.explorer.labels(),
      ...this.bridge.queues().map((queue) => `the @Processor of "${queue}"`),
    ];
    if (idle.length === 0) return;
    const more = idle.length > MOST ? ` and ${idle.length - MOST} more` : '';
    this.logger.warn(
      `This web process runs no jobs, but holds ${idle.slice(0, MOST).join(', ')}${more}: ` +
        "import their modules into the worker's module only.",
    );
  }
}

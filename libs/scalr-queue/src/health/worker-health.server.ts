import {
  type DynamicModule,
  type INestApplication,
  Logger,
  type LoggerService,
  Module,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QueueConfigError } from '../errors/configuration.errors.js';
import { WorkerHealthController } from './worker-health.controller.js';
import { WorkerMetricsController } from './worker-metrics.controller.js';
import { WorkerState } from './worker.state.js';

@Module({})
class WorkerHealthModule {}

/** The small HTTP server of a worker process: a Nest application of its own, so that no controller of the app is mounted. */
export class WorkerHealthServer {
  private constructor(
    private readonly app: INestApplication,
    readonly url: string,
  ) {}

  /**
   * @param port 0 for any free one
   * @throws QueueConfigError when the port is taken
   */
  static async start(state: WorkerState, port: number): Promise<WorkerHealthServer> {
    const module = {
      module: WorkerHealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [WorkerHealthController, WorkerMetricsController],
      providers: [{ provide: WorkerState, useValue: state }],
    };
    const app = await silently(() => open(module, port));
    const server = app.getHttpServer() as Server;
    return new WorkerHealthServer(app, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    (this.app.getHttpServer() as Server).closeAllConnections();
    await this.app.close();
  }
}

async function open(module: DynamicModule, port: number): Promise<INestApplication> {
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  const server = app.getHttpServer() as Server;
  // Slow clients must not hold the port.
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.keepAliveTimeout = 5_000;
  try {
    await app.listen(port);
    return app;
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new QueueConfigError(
      `the port ${port} is in use: set SCALR_WORKER_PORT, or the option port, to a free one`,
    );
  }
}

/** The logger of Nest is one for the process: put back what the quiet health application replaced. */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const logger = Logger as unknown as { staticInstanceRef?: LoggerService };
  const before = logger.staticInstanceRef;
  try {
    return await work();
  } finally {
    logger.staticInstanceRef = before;
  }
}

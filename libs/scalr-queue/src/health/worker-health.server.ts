import {
  type DynamicModule,
  type INestApplication,
  Logger,
  type LoggerService,
  Module,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TerminusModule } from '@nestjs/terminus';
import type { Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { WorkerHealthController } from './worker-health.controller.js';
import { WorkerMetricsController } from './worker-metrics.controller.js';
import { WorkerState } from './worker.state.js';

@Module({})
class WorkerHealthModule {}

/** The small HTTP server of a worker process: a Nest application of its own, so that no controller of the app is mounted. */
export class WorkerHealthServer {
  private constructor(
    private readonly app: INestApplication,
    private readonly host: string | undefined,
    readonly url: string,
  ) {}

  /** For the log: where it answers, and to whom. */
  get place(): string {
    return `${this.url}/health${isWildcard(this.host) ? ', on all interfaces' : ''}`;
  }

  /**
   * @param port 0 for any free one
   * @param host to listen on; all interfaces without it
   * @throws QueueConfigError when the port is taken, or the host is none of this machine
   */
  static async start(state: WorkerState, port: number, host?: string): Promise<WorkerHealthServer> {
    const module = {
      module: WorkerHealthModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [WorkerHealthController, WorkerMetricsController],
      providers: [{ provide: WorkerState, useValue: state }],
    };
    const app = await silently(() => open(module, port, host));
    const server = app.getHttpServer() as Server;
    const shown = isWildcard(host) ? '127.0.0.1' : isIPv6(host) ? `[${host}]` : host;
    return new WorkerHealthServer(app, host, `http://${shown}:${(server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    (this.app.getHttpServer() as Server).closeAllConnections();
    await this.app.close();
  }
}

async function open(
  module: DynamicModule,
  port: number,
  host: string | undefined,
): Promise<INestApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, {
    logger: false,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  const server: Server = app.getHttpServer();
  // Slow clients must not hold the port.
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.keepAliveTimeout = 5_000;
  try {
    await (host === undefined ? app.listen(port) : app.listen(port, host));
    return app;
  } catch (error) {
    await app.close();
    const trouble = troubleOf((error as NodeJS.ErrnoException).code, port, host);
    throw trouble === undefined ? error : new QueueConfigError(trouble, { cause: error });
  }
}

function troubleOf(code: string | undefined, port: number, host: string | undefined): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `the port ${port} is in use: set SCALR_WORKER_PORT, or the option port, to a free one`;
    case 'EACCES':
      return `the port ${port} may not be opened by this user: set SCALR_WORKER_PORT, or the option port, to one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
    case 'ENOTFOUND':
      return `"${host}" is no address of this machine: set SCALR_WORKER_HOST, or the option host, to one of its addresses, or leave it out for all`;
    default:
      return undefined;
  }
}

function isWildcard(host: string | undefined): host is undefined | '0.0.0.0' | '::' {
  return host === undefined || host === '0.0.0.0' || host === '::';
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

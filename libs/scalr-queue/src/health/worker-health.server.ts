import { HttpException, Logger, NotFoundException } from '@nestjs/common';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { HealthChecks } from './health.checks.js';
import { WorkerHealthRoutes } from './worker-health.routes.js';
import type { WorkerState } from './worker.state.js';

/** The small HTTP server of a worker process: Node's own, so that it needs no platform of Nest and no controller of the app is mounted. */
export class WorkerHealthServer {
  private readonly logger = new Logger('ScalrQueue');
  private readonly routes: WorkerHealthRoutes;
  private readonly server: Server;
  /** Where it answers, such as `http://127.0.0.1:3001`. */
  url = '';

  private constructor(
    private readonly checks: HealthChecks,
    state: WorkerState,
    private readonly host: string | undefined,
  ) {
    this.routes = new WorkerHealthRoutes(checks, state);
    // Slow clients must not hold the port.
    const limits = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 };
    this.server = createServer(limits, (request, response) => void this.answer(request, response));
    // A connection that cannot be accepted, for want of file descriptors say, must not end the worker.
    this.server.on('error', (error) => {
      if (this.server.listening) this.logger.error(`health endpoints: ${String(error)}`);
    });
  }

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
    const health = new WorkerHealthServer(await HealthChecks.open(), state, host);
    try {
      await once(health.server.listen(port, host), 'listening');
      const shown = isWildcard(host) ? '127.0.0.1' : isIPv6(host) ? `[${host}]` : host;
      health.url = `http://${shown}:${(health.server.address() as AddressInfo).port}`;
      return health;
    } catch (error) {
      await health.checks.close();
      const trouble = troubleOf((error as NodeJS.ErrnoException).code, port, host);
      throw trouble === undefined ? error : new QueueConfigError(trouble, { cause: error });
    }
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    // Among them those that are kept alive.
    this.server.closeAllConnections();
    await Promise.all([closed, this.checks.close()]);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '/', headers } = request;
    const reads = method === 'GET' || method === 'HEAD';
    const path = url.replace(/\?.*/s, '');
    const route = reads ? this.routes.at(path) : undefined;
    if (route) response.setHeader('Cache-Control', route.cacheControl);
    try {
      if (!route) throw new NotFoundException(`Cannot ${method} ${url}`);
      send(response, 200, await route.answer(headers.authorization), route.type);
    } catch (error) {
      if (error instanceof HttpException) return send(response, error.getStatus(), error.getResponse());
      this.logger.error(`${method} ${path} failed: ${String(error)}`);
      send(response, 500, { statusCode: 500, message: 'Internal server error' });
    }
  }
}

/** @param type of what is no JSON */
function send(
  response: ServerResponse,
  status: number,
  body: object | string,
  type = 'application/json; charset=utf-8',
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  // For HEAD Node leaves the body out.
  response.end(text);
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

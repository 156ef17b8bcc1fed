import { Logger } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DashboardAccount, DashboardAccounts } from './dashboard.accounts.js';
import { redactText } from '../observability/redaction.js';
import { LoginDelay } from './login.delay.js';
import { isMeant, isOwnRequest } from './request.origin.js';
import { secure } from './security.headers.js';

type Next = (error?: unknown) => void;
type Board = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

const READING = new Set(['GET', 'HEAD']);
const WRITING = new Set(['PUT', 'POST', 'PATCH']);
/** Files of the page; for a folder express would redirect. */
const STATIC = /^\/static\/(?:[A-Za-z0-9_-]+\/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.[a-z0-9]+$/;

/** Stands before the boards, and before everything of Nest: who is not let in learns nothing, and nothing of the app runs for them. */
export class DashboardGate {
  private readonly logger = new Logger('ScalrQueueDashboard');

  private readonly delay = new LoginDelay();
  private hasHinted = false;

  constructor(
    private readonly accounts: DashboardAccounts,
    private readonly boards: Readonly<Record<DashboardAccount['role'], Board>> | undefined,
    private readonly publicUrl?: URL,
  ) {}

  /** To be mounted at the path of the dashboard; answers all that comes. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    secure(response);
    const { boards } = this;
    if (!boards || this.accounts.isClosed) return answer(response, 404, 'NOT_FOUND');
    void this.logIn(request, response)
      .then((account) => {
        if (account) this.pass(account, boards, request, response);
      })
      .catch(() => answer(response, 500, 'INTERNAL_SERVER_ERROR'));
  };

  /** Who the request is from; else it has been answered. */
  private async logIn(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<DashboardAccount | undefined> {
    const { authorization } = request.headers;
    if (this.accounts.isTry(authorization)) {
      const address = addressOf(request);
      const admission = await this.delay.admit(address, authorization);
      if (!admission.admitted) {
        response.setHeader('Retry-After', Math.ceil(admission.retryIn / 1_000));
        answer(response, 429, 'TOO_MANY_REQUESTS');
        return undefined;
      }
      const account = this.accounts.find(authorization);
      if (account) {
        this.delay.succeeded(address, authorization);
        return account;
      }
      const failures = this.delay.failed(address);
      this.logger.warn(`failed login from ${address} (${failures} in a row)`);
    }
    response.setHeader('WWW-Authenticate', 'Basic realm="queues", charset="UTF-8"');
    answer(response, 401, 'UNAUTHORIZED');
    return undefined;
  }

  private pass(
    account: DashboardAccount,
    boards: NonNullable<typeof this.boards>,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { method = '' } = request;
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    if (!isClean(path)) return answer(response, 404, 'NOT_FOUND');
    if (path.startsWith('/static')) {
      if (!STATIC.test(path)) return answer(response, 404, 'NOT_FOUND');
      response.setHeader('Cache-Control', 'private, max-age=3600');
    }
    if (READING.has(method)) {
      if (path.startsWith('/api/') && !isOwnRequest(request, this.publicUrl))
        return this.refuse(request, response);
    } else {
      response.setHeader('Allow', 'GET, HEAD, PUT');
      if (!WRITING.has(method)) return answer(response, 405, 'METHOD_NOT_ALLOWED');
      if (!isMeant(request, this.publicUrl)) return this.refuse(request, response);
      if (account.role !== 'write') return answer(response, 403, 'QUEUE_READ_ONLY');
      response.once('finish', () =>
        this.logger.log(`${account.user}: ${method} ${path}: ${response.statusCode}`),
      );
    }
    boards[account.role](request, response, (error) =>
      error ? answer(response, 500, 'INTERNAL_SERVER_ERROR') : answer(response, 404, 'NOT_FOUND'),
    );
  }

  /** Of a page of another site, or of this one behind a proxy that does not say where it stands. */
  private refuse(request: IncomingMessage, response: ServerResponse): void {
    const { origin = '', host } = request.headers;
    if (!this.hasHinted && URL.canParse(origin)) {
      this.hasHinted = true;
      this.logger.warn(
        `refused a request of a page at ${new URL(origin).host}: this server was asked for as ${redactText(host ?? '')}. Behind a ` +
          'proxy that changes Host, let it send X-Forwarded-Host, or set the option publicUrl',
      );
    }
    answer(response, 403, 'FORBIDDEN');
  }
}

/** Behind a proxy that express was told to trust, the client's. */
function addressOf(request: IncomingMessage & { ip?: string }): string {
  return request.ip ?? request.socket.remoteAddress ?? 'unknown';
}

/** Whether no part of a path means anything but itself. */
function isClean(path: string): boolean {
  try {
    return path
      .split('/')
      .slice(1)
      .every((part, index, { length }) => {
        const name = decodeURIComponent(part);
        return name === ''
          ? index === length - 1
          : name !== '.' && name !== '..' && !/[/\\\p{Cc}]/u.test(name);
      });
  } catch {
    return false;
  }
}

/** In the form that the page of bull-board understands. */
function answer(response: ServerResponse, status: number, key: string): void {
  if (response.headersSent) return void response.destroy();
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify({ error: { key: `ERRORS.${key}` } }));
}

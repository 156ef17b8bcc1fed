import { Logger } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DashboardAccount, DashboardAccounts } from './dashboard.accounts.js';
import { redactText } from '../observability/redaction.js';
import { Login } from '../access/login.js';
import { isMeant, isOwnRequest } from '../access/request.origin.js';
import { secure } from '../access/security.headers.js';

type Next = (error?: unknown) => void;
type Board = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

const READING = new Set(['GET', 'HEAD']);
const WRITING = new Set(['PUT', 'POST', 'PATCH']);
/** The editor of bull-board makes styles and images of its own. */
const BOARD_NEEDS = { styles: "'self' 'unsafe-inline'", images: "'self' data:" };
/** Files of the page; for a folder express would redirect. */
const STATIC = /^\/static\/(?:[A-Za-z0-9_-]+\/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*\.[a-z0-9]+$/;

/** Stands before the boards, and before everything of Nest: who is not let in learns nothing, and nothing of the app runs for them. */
export class DashboardGate {
  private readonly logger = new Logger('ScalrQueueDashboard');

  private readonly login: Login<DashboardAccount>;
  private hasHinted = false;

  constructor(
    private readonly accounts: DashboardAccounts,
    private readonly boards: Readonly<Record<DashboardAccount['role'], Board>> | undefined,
    private readonly publicUrl?: URL,
  ) {
    this.login = new Login(accounts, this.logger);
  }

  /** To be mounted at the path of the dashboard; answers all that comes. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    secure(response, BOARD_NEEDS);
    const { boards } = this;
    if (!boards || this.accounts.isClosed) return answer(response, 404, 'NOT_FOUND');
    void this.login
      .admit(request, response)
      .then((admitted) => {
        if (admitted.status === undefined) return this.pass(admitted.account, boards, request, response);
        answer(response, admitted.status, admitted.status === 401 ? 'UNAUTHORIZED' : 'TOO_MANY_REQUESTS');
      })
      .catch(() => answer(response, 500, 'INTERNAL_SERVER_ERROR'));
  };

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

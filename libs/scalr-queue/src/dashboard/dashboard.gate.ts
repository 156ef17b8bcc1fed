import { Logger } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DashboardAccount, DashboardAccounts } from './dashboard.accounts.js';
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

  constructor(
    private readonly accounts: DashboardAccounts,
    private readonly boards: Readonly<Record<DashboardAccount['role'], Board>> | undefined,
  ) {}

  /** To be mounted at the path of the dashboard; answers all that comes. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    secure(response);
    if (!this.boards || this.accounts.isClosed) return answer(response, 404, 'NOT_FOUND');
    const account = this.accounts.find(request.headers.authorization);
    if (!account) {
      response.setHeader('WWW-Authenticate', 'Basic realm="queues", charset="UTF-8"');
      return answer(response, 401, 'UNAUTHORIZED');
    }
    const { method = '' } = request;
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    if (!isClean(path)) return answer(response, 404, 'NOT_FOUND');
    if (path.startsWith('/static')) {
      if (!STATIC.test(path)) return answer(response, 404, 'NOT_FOUND');
      response.setHeader('Cache-Control', 'private, max-age=3600');
    }
    if (READING.has(method)) {
      if (path.startsWith('/api/') && !isOwnRequest(request)) return answer(response, 403, 'FORBIDDEN');
    } else {
      response.setHeader('Allow', 'GET, HEAD, PUT');
      if (!WRITING.has(method)) return answer(response, 405, 'METHOD_NOT_ALLOWED');
      if (!isMeant(request)) return answer(response, 403, 'FORBIDDEN');
      if (account.role !== 'write') return answer(response, 403, 'QUEUE_READ_ONLY');
      response.once('finish', () =>
        this.logger.log(`${account.user}: ${method} ${path}: ${response.statusCode}`),
      );
    }
    this.boards[account.role](request, response, (error) =>
      error ? answer(response, 500, 'INTERNAL_SERVER_ERROR') : answer(response, 404, 'NOT_FOUND'),
    );
  };
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

import { Logger } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Accounts } from '../access/accounts.js';
import { Login } from '../access/login.js';
import { isMeant, isOwnRequest } from '../access/request.origin.js';
import { secure } from '../access/security.headers.js';
import { redactText } from '../observability/redaction.js';
import { ConsoleError, toConsoleError } from './console.error.js';
import { Acts } from './acts.js';
import { bodyOf } from './request.body.js';
import { PageFiles } from './page.files.js';
import type { ConsoleSettings } from './console.settings.js';
import type { ConsoleSource } from './console.source.js';
import { Live } from './live/live.js';
import { ANSWERED, isAtLeast, type Route, Router, type Viewer } from './router.js';
import { ROUTES } from './routes/routes.js';
import { SharedAnswers } from './shared.answers.js';

/** The console as a function for `createServer` of `node:http`, or for any framework that passes on its requests. */
export interface ConsoleHandler {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Ends its connections to Redis. */
  close(): Promise<void>;
}

const REFUSALS = {
  401: new ConsoleError(401, 'UNAUTHORIZED', 'log in'),
  429: new ConsoleError(429, 'TOO_MANY_REQUESTS', 'too many wrong passwords'),
};

/** Lets nobody in who is not known, and nobody do what their role does not allow; everything else it leaves to the routes. */
export class Console {
  private readonly logger = new Logger('ScalrQueueConsole');
  private readonly login: Login<Viewer>;
  private readonly router: Router;
  private readonly files = new PageFiles();
  private readonly acts: Acts;
  private readonly live: Live;
  private readonly shared = new SharedAnswers();

  constructor(
    private readonly settings: ConsoleSettings,
    private readonly source: ConsoleSource,
    routes: readonly Route[] = ROUTES,
  ) {
    const known = settings.accounts.map(({ password, ...viewer }) => [viewer, password] as const);
    this.login = new Login(new Accounts<Viewer>(known), this.logger);
    this.router = new Router(routes);
    this.acts = new Acts(source, settings.scope);
    this.live = new Live(source, this.acts, settings);
  }

  /** Answers all that comes. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    secure(response);
    void this.answer(request, response).catch((error: unknown) => this.fail(response, error));
  }

  async close(): Promise<void> {
    this.live.close();
    this.acts.close();
    await this.source.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const admitted = await this.login.admit(request, response);
    if (admitted.status !== undefined) throw REFUSALS[admitted.status];
    const { account: viewer } = admitted;
    const { method = '' } = request;
    const url = request.url ?? '/';
    const [path = '/'] = url.split('?', 1);
    if (!path.startsWith('/api/')) return this.files.send(request, response, path);
    const { route, params } = this.routeOf(method, path, response);
    const reading = method === 'GET' || method === 'HEAD';
    if (
      reading ? !isOwnRequest(request, this.settings.publicUrl) : !isMeant(request, this.settings.publicUrl)
    )
      throw new ConsoleError(403, 'FORBIDDEN', 'the request comes from a page of another site');
    if (!isAtLeast(viewer, route.role))
      throw new ConsoleError(403, 'ROLE', `this needs the role ${route.role}, yours is ${viewer.role}`);
    const query = new URLSearchParams(url.slice(path.length));
    const { settings, source, acts, live } = this;
    const body = reading ? undefined : await bodyOf(request);
    const call = { viewer, source, settings, params, query, body, acts, live, request, response };
    const answer = await (reading ? this.shared.get(route, path, call) : route.answer(call));
    if (!reading) this.shared.forget();
    if (answer === ANSWERED) return;
    if (!reading) this.logger.log(`${viewer.user}: ${method} ${redactText(path)}: 200`);
    sendJson(response, 200, answer);
  }

  private routeOf(method: string, path: string, response: ServerResponse) {
    const found = this.router.find(method, path);
    if (found.route) return found;
    if (found.methods.length === 0) throw new ConsoleError(404, 'NOT_FOUND', 'there is no such page');
    response.setHeader('Allow', found.methods.join(', '));
    throw new ConsoleError(405, 'METHOD_NOT_ALLOWED', `use ${found.methods.join(' or ')}`);
  }

  private fail(response: ServerResponse, error: unknown): void {
    const known = toConsoleError(error);
    if (!known)
      this.logger.error(
        redactText(String(error)),
        error instanceof Error && error.stack ? redactText(error.stack) : undefined,
      );
    const { status, code, message } =
      known ?? new ConsoleError(500, 'INTERNAL', 'a fault of the console; its log says more');
    if (response.headersSent) return void response.destroy();
    sendJson(response, status, { error: { code, message } });
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

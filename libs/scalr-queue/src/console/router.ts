import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Acts } from './acts.js';
import type { CheckedAccount, ConsoleSettings } from './console.settings.js';
import type { ConsoleRole } from './console.options.js';
import type { ConsoleSource } from './console.source.js';
import type { Live } from './live/live.js';

/** Who asks, without the password. */
export type Viewer = Omit<CheckedAccount, 'password'>;

/** One request that has been let in. */
export interface Call {
  readonly viewer: Viewer;
  readonly source: ConsoleSource;
  readonly settings: ConsoleSettings;
  /** The parts of the path that the route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** JSON that came with a POST. */
  readonly body?: unknown;
  readonly acts: Acts;
  readonly live: Live;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** For a route that has answered by itself. */
export const ANSWERED = Symbol('answered');

/** What is done for one method and path. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Parts after a colon stand for any text: `/api/jobs/:app/:name/:id`. */
  readonly path: string;
  /** The least that may do this. */
  readonly role: ConsoleRole;
  /** What it resolves to is sent as JSON, unless it is {@link ANSWERED}. */
  readonly answer: (call: Call) => unknown;
  /** Milliseconds for which an answer is given again to all who ask the same and may see the same. */
  readonly sharedFor?: number;
}

const RANKS: Readonly<Record<ConsoleRole, number>> = { view: 0, operate: 1, admin: 2 };

export const isAtLeast = (viewer: Viewer, role: ConsoleRole): boolean => RANKS[viewer.role] >= RANKS[role];

/** A route that was found, or the methods of those with this path. */
export type Found =
  | { readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly route?: undefined; readonly methods: readonly string[] };

/** Finds the route of a request in a small table. */
export class Router {
  constructor(private readonly routes: readonly Route[]) {}

  find(method: string, path: string): Found {
    const fitting = this.routes.flatMap((route) => {
      const params = paramsOf(route.path, path);
      return params ? [{ route, params }] : [];
    });
    const wanted = method === 'HEAD' ? 'GET' : method;
    const found = fitting.find(({ route }) => route.method === wanted);
    return found ?? { methods: fitting.map(({ route }) => route.method) };
  }
}

function paramsOf(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    if (!part.startsWith(':')) {
      if (part !== given[at]) return undefined;
      continue;
    }
    const text = decoded(given[at]!);
    if (text === undefined || text === '') return undefined;
    params[part.slice(1)] = text;
  }
  return params;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

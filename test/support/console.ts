import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConsoleAccount, type ConsoleOptions, createConsole } from 'scalr-queue/console';
import { onTestFinished } from 'vitest';
import type { AtEnd } from './apps.js';
import { basic } from './dashboard.js';

export const VIEWER = { user: 'vera', password: 'only-looks-at-it' } satisfies ConsoleAccount;
export const OPERATOR = {
  user: 'otto',
  password: 'runs-it-all-day',
  role: 'operate',
} satisfies ConsoleAccount;
export const ADMIN = {
  user: 'ada',
  password: 'may-do-anything',
  role: 'admin',
  payload: true,
} satisfies ConsoleAccount;

export interface ConsoleCall extends Omit<RequestInit, 'headers'> {
  headers?: Record<string, string>;
  /** Who asks; null for nobody. Defaults to the one who may only look. */
  as?: { user: string; password: string } | null;
}

/** A console on a port of its own, and a way to ask it; closed when the test ends. */
export async function startConsole(options: Partial<ConsoleOptions>, atEnd: AtEnd = onTestFinished) {
  const handle = createConsole({ accounts: [VIEWER, OPERATOR, ADMIN], ...options });
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    server.close();
    server.closeAllConnections();
    await handle.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const call = (path: string, { as = VIEWER, headers, ...init }: ConsoleCall = {}) =>
    fetch(`${url}${path}`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
      ...init,
      headers: { ...(as ? { authorization: basic(as) } : {}), ...headers },
    });
  const json = async (path: string, init?: ConsoleCall) => {
    const response = await call(path, init);
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  return { url, call, json };
}

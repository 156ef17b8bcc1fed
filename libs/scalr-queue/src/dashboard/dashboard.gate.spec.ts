import { Logger } from '@nestjs/common';
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { DashboardAccounts } from './dashboard.accounts.js';
import { DashboardGate } from './dashboard.gate.js';

const WRITER = 'Basic ' + Buffer.from('ada:may-do-things-1').toString('base64');
const READER = 'Basic ' + Buffer.from('eve:only-looks-9').toString('base64');

/** A server behind the gate, whose boards say who was let in and to what. */
async function gate({
  open = true,
  publicUrl,
  fails,
}: { open?: boolean; publicUrl?: URL; fails?: Error } = {}) {
  const lines: string[] = [];
  for (const level of ['warn', 'log'] as const) {
    const spy = vi.spyOn(Logger.prototype, level);
    spy.mockImplementation((line: string) => void lines.push(`${level} ${line}`));
    onTestFinished(() => spy.mockRestore());
  }
  const board =
    (role: string) =>
    (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
      if (fails || request.url === '/nowhere') return next(fails);
      response.end(`${role} ${request.method} ${request.url}`);
    };
  const accounts = new DashboardAccounts(
    open
      ? [
          { user: 'ada', password: 'may-do-things-1', role: 'write' },
          { user: 'eve', password: 'only-looks-9', role: 'read' },
        ]
      : [],
  );
  const boards = open ? { read: board('read'), write: board('write') } : undefined;
  const server = createServer(new DashboardGate(accounts, boards, publicUrl).handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const call = async (path: string, method = 'GET', headers: Record<string, string> = {}) => {
    const { authorization = WRITER, ...others } = headers;
    const sent = ask({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { ...(authorization ? { authorization } : {}), ...others },
    });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, headers: answer.headers, text: await textOf(answer) };
  };
  const status = async (...args: Parameters<typeof call>) => (await call(...args)).status;
  return { call, status, lines, port };
}

const error = (key: string) => JSON.stringify({ error: { key: `ERRORS.${key}` } });
const MEANT = { 'x-requested-with': 'test' };

it('lets in who knows a password, to the board of their role', async () => {
  const { call } = await gate();
  expect((await call('/a?b=c')).text).toBe('write GET /a?b=c');
  expect((await call('/', 'GET', { authorization: READER })).text).toBe('read GET /');
  const refused = await call('/', 'GET', { authorization: '' });
  expect({ status: refused.status, text: refused.text }).toEqual({
    status: 401,
    text: error('UNAUTHORIZED'),
  });
  expect(refused.headers).toMatchObject({
    'www-authenticate': 'Basic realm="queues", charset="UTF-8"',
    'content-type': 'application/json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
});

it('is not there without credentials, and says no more than that of what is not there', async () => {
  const closed = await gate({ open: false });
  for (const authorization of [WRITER, '']) {
    const { status, text } = await closed.call('/', 'GET', { authorization });
    expect({ status, text }).toEqual({ status: 404, text: error('NOT_FOUND') });
  }
  const { call } = await gate();
  expect(await call('/nowhere')).toMatchObject({ status: 404, text: error('NOT_FOUND') });
  const broken = await gate({ fails: new Error('hunter2') });
  expect(await broken.call('/')).toMatchObject({ status: 500, text: error('INTERNAL_SERVER_ERROR') });
});

it.each([
  ['/a/b', 200],
  ['/a/b/', 200],
  ['/a%20b', 200],
  ['/a//b', 404],
  ['/./a', 404],
  ['/a/..', 404],
  ['/a/%2e%2e/b', 404],
  ['/a/%2e', 404],
  ['/a%2fb', 404],
  ['/a%5cb', 404],
  ['/a%00', 404],
  ['/a%0a', 404],
  ['/a%', 404],
  ['/static/app.js', 200],
  ['/static/js/a-b_c.d.css', 200],
  ['/static', 404],
  ['/static/', 404],
  ['/static/js', 404],
  ['/static/.env.js', 404],
  ['/statics', 404],
])('answers %s with %i', async (path, status) => {
  const { call } = await gate();
  const answer = await call(path);
  expect({ status: answer.status, text: answer.text }).toEqual({
    status,
    text: status === 404 ? error('NOT_FOUND') : `write GET ${path}`,
  });
  const isFile = path.startsWith('/static') && status === 200;
  expect(answer.headers['cache-control']).toBe(isFile ? 'private, max-age=3600' : 'no-store');
});

it.each([
  ['GET', 200],
  ['HEAD', 200],
  ['PUT', 200],
  ['POST', 200],
  ['PATCH', 200],
  ['DELETE', 405],
  ['OPTIONS', 405],
])('answers %s with %i', async (method, status) => {
  const { call, lines } = await gate();
  const answer = await call('/api/x', method, MEANT);
  expect(answer.status).toBe(status);
  expect(answer.headers['allow']).toBe(/GET|HEAD/.test(method) ? undefined : 'GET, HEAD, PUT');
  const body = status === 405 ? error('METHOD_NOT_ALLOWED') : `write ${method} /api/x`;
  expect(answer.text).toBe(method === 'HEAD' ? '' : body);
  const isWrite = /P/.test(method) && status === 200;
  expect(lines).toEqual(isWrite ? [`log ada: ${method} /api/x: 200`] : []);
});

it('lets a reader change nothing', async () => {
  const { call, lines } = await gate();
  expect(await call('/api/x', 'PUT', { ...MEANT, authorization: READER })).toMatchObject({
    status: 403,
    text: error('QUEUE_READ_ONLY'),
  });
  expect(lines).toEqual([]);
});

it.each<[Record<string, string>, read: number, write: number]>([
  [{}, 200, 403],
  [MEANT, 200, 200],
  [{ 'content-type': 'application/json; charset=utf-8' }, 200, 200],
  [{ 'content-type': 'text/plain' }, 200, 403],
  [{ 'content-type': 'application/jsonx' }, 200, 403],
  [{ 'sec-fetch-site': 'same-origin' }, 200, 200],
  [{ 'sec-fetch-site': 'none' }, 200, 403],
  [{ 'sec-fetch-site': 'none', ...MEANT }, 200, 200],
  [{ 'sec-fetch-site': 'same-site', ...MEANT }, 403, 403],
  [{ 'sec-fetch-site': 'cross-site', ...MEANT }, 403, 403],
  [{ origin: 'http://127.0.0.1:PORT' }, 200, 200],
  [{ origin: 'http://evil.example', ...MEANT }, 403, 403],
  [{ origin: 'null', ...MEANT }, 403, 403],
  [{ origin: 'https://ops.example.com' }, 200, 200],
  [{ origin: 'https://OPS.example.com' }, 200, 200],
  [{ origin: 'https://a.example', 'x-forwarded-host': 'b.example, A.example ' }, 200, 200],
  [{ origin: 'https://a.example', forwarded: 'for=1.2.3.4; host="a.example"' }, 200, 200],
  [{ origin: 'https://a.example', forwarded: 'for=a.example' }, 403, 403],
])('answers a request with %o: %i to read, %i to write', async (headers, read, write) => {
  const { status, port } = await gate({ publicUrl: new URL('https://ops.example.com/q') });
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', String(port))]),
  );
  expect([await status('/api/x', 'GET', sent), await status('/api/x', 'PUT', sent)]).toEqual([read, write]);
  // The page itself may be opened from anywhere.
  expect(await status('/', 'GET', sent)).toBe(200);
});

it('hints once at a proxy that changes Host, and names no secret', async () => {
  const { call, status, lines } = await gate();
  for (const origin of ['null', 'https://ops.example.com', 'https://b.example.com'])
    expect(await status('/api/x', 'PUT', { origin, host: 'inner password=hunter2' })).toBe(403);
  expect(lines).toEqual([
    'warn refused a request of a page at ops.example.com: this server was asked for as inner password=[redacted]. Behind a ' +
      'proxy that changes Host, let it send X-Forwarded-Host, or set the option publicUrl',
  ]);
  expect((await call('/api/x', 'GET', { origin: 'https://c.example.com' })).text).toBe(error('FORBIDDEN'));
  expect(lines).toHaveLength(1);
});

it('logs who fails to log in, and holds up nobody who was in before', async () => {
  const { status, lines } = await gate();
  const guess = { authorization: 'Basic ' + Buffer.from('ada:guess').toString('base64') };
  expect(await status('/')).toBe(200);
  for (let number = 0; number < 3; number++) expect(await status('/', 'GET', guess)).toBe(401);
  expect(await status('/')).toBe(200);
  expect(lines).toEqual([1, 2, 3].map((row) => `warn failed login from 127.0.0.1 (${row} in a row)`));
});

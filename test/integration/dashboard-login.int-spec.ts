import { Logger } from '@nestjs/common';
import { vi } from 'vitest';
import { READER, startDashboard, WRITER } from '../support/dashboard.js';

const guess = (number: number) => ({ user: WRITER.user, password: `guess-${number}` });

describe('a login', () => {
  it('is read to a length that no user and password have, and is else no try', async () => {
    const warnings: string[] = [];
    const { call } = await startDashboard();
    const warn = vi.spyOn(Logger.prototype, 'warn');
    warn.mockImplementation((line: string) => void warnings.push(line));
    const right = Buffer.from(`${WRITER.user}:${WRITER.password}`).toString('base64');
    const status = async (authorization: string) =>
      (await call('/queues', { as: null, headers: { authorization } })).status;
    expect(await status(`Basic ${right}`)).toBe(200);
    expect(await status(`basic  ${right}`)).toBe(200);
    for (const odd of [
      `Basic ${right.padEnd(1_025, '=')}`,
      `Basic ${right}, x`,
      `Bearer ${right}`,
      `Basic`,
      right,
    ])
      expect([odd.slice(0, 40), await status(odd)]).toEqual([odd.slice(0, 40), 401]);
    warn.mockRestore();
    expect(warnings).toEqual([]);
  });

  it('has the role of its user only, and no other one for the same password', async () => {
    const { call, put } = await startDashboard();
    expect((await call('/queues', { as: { ...READER, user: WRITER.user } })).status).toBe(401);
    expect((await put('/queues/api/queues/pause', { as: READER })).status).toBe(403);
    expect((await put('/queues/api/queues/pause', { as: WRITER })).status).toBe(200);
  });
});

describe('wrong passwords', () => {
  it('are logged one by one, and delay the next try', async () => {
    const warnings: string[] = [];
    const { call } = await startDashboard();
    const warn = vi.spyOn(Logger.prototype, 'warn');
    warn.mockImplementation((line: string) => void warnings.push(line));
    const begin = performance.now();
    for (let number = 0; number < 4; number++)
      expect((await call('/queues', { as: guess(number) })).status).toBe(401);
    expect(performance.now() - begin).toBeGreaterThan(240);
    expect((await call('/queues', { as: null })).status).toBe(401);
    const over = new AbortController();
    const { signal } = over;
    const burst = Array.from({ length: 10 }, (_, number) => call('/queues', { as: guess(number), signal }));
    const refused = await Promise.any(
      burst.map(async (answer) => {
        const { status, headers } = await answer;
        return status === 429 ? headers.get('retry-after') : Promise.reject(new Error('not refused'));
      }),
    );
    over.abort();
    expect(Number(refused)).toBeGreaterThan(0);
    warn.mockRestore();
    expect(warnings.slice(0, 4)).toEqual(
      [1, 2, 3, 4].map((row) => `failed login from 127.0.0.1 (${row} in a row)`),
    );
  });
});

describe('a proxy', () => {
  const pause = '/queues/api/queues/pause';

  it('that takes a part of the path away is believed about it', async () => {
    const { call } = await startDashboard();
    const base = async (prefix: string) =>
      /<base href="([^"]*)"/.exec(
        await (await call('/queues/queue/mail', { headers: { 'x-forwarded-prefix': prefix } })).text(),
      )?.[1];
    expect(await base('/ops/billing')).toBe('/ops/billing/queues/');
    expect(await base('/ops/')).toBe('/ops/queues/');
    for (const odd of ['/queues', '//evil.example', 'x', '/..', '/a"><script>'])
      expect([odd, await base(odd)]).toEqual([odd, '/queues/']);
    const named = await startDashboard({ publicUrl: 'https://ops.example.com/jobs/' });
    expect(await (await named.call('/queues')).text()).toContain('<base href="/jobs/" />');
    const put = (origin: string) => named.call(pause, { method: 'PUT', headers: { origin } });
    expect((await put('https://ops.example.com')).status).toBe(200);
    expect((await put('https://evil.example')).status).toBe(403);
  });

  it('that changes Host without a word is told of once, when a page is refused for it', async () => {
    const warnings: string[] = [];
    const { call } = await startDashboard();
    const warn = vi.spyOn(Logger.prototype, 'warn');
    // Those of logins belong to tests before this one.
    warn.mockImplementation((line: string) => void (line.startsWith('refused') && warnings.push(line)));
    const put = (origin: string) => call(pause, { method: 'PUT', headers: { origin } });
    for (const origin of [
      'null',
      'https://ops.example.com',
      'https://ops.example.com',
      'https://b.example.com',
    ])
      expect((await put(origin)).status).toBe(403);
    warn.mockRestore();
    // A slow machine has others to give.
    expect(warnings.filter((line) => line.startsWith('refused'))).toEqual([
      expect.stringMatching(
        /^refused a request of a page at ops\.example\.com: .* set the option publicUrl$/,
      ),
    ]);
  });

  it.each([
    [{ 'x-forwarded-host': 'ops.example.com' }, 200],
    [{ 'x-forwarded-host': 'ops.example.com, inner' }, 200],
    [{ forwarded: 'for=192.0.2.1;host=ops.example.com;proto=https' }, 200],
    [{ forwarded: 'for=192.0.2.1;host="ops.example.com"' }, 200],
    [{ 'x-forwarded-host': 'other.example.com' }, 403],
    [{}, 403],
  ])('that changes Host and sends %o: %i', async (headers, status) => {
    const { call } = await startDashboard();
    const origin = 'https://ops.example.com';
    const answer = await call(pause, { method: 'PUT', headers: { origin, ...headers } });
    expect(answer.status).toBe(status);
  });
});

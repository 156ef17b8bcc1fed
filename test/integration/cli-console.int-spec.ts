import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { commandLine } from '../support/command-line.js';
import { basic } from '../support/dashboard.js';
import { eventually } from '../support/eventually.js';

const PASSWORD = 'a-password-for-the-console';
const NOWHERE = 'redis://127.0.0.1:1';

/** The command until it is told to stop, as by Ctrl-C. */
async function running(args: string) {
  let stop = (): void => undefined;
  // The signals of the process are for the test runner.
  const on = vi.spyOn(process, 'on').mockImplementation((name, listener) => {
    if (name === 'SIGINT') stop = listener as () => void;
    return process;
  });
  onTestFinished(() => on.mockRestore());
  const notes: string[] = [];
  const ended = commandLine('', NOWHERE, { onNote: (line) => void notes.push(line) })(args);
  const url = await eventually(() => {
    const [, found] = /console at (http:\S+), read-only/.exec(notes.join('')) ?? [];
    expect(found).toBeDefined();
    return found!;
  });
  return { url, notes, end: () => (stop(), ended) };
}

it('serves the console to who has the password, until it is stopped', async () => {
  vi.stubEnv('SCALR_CONSOLE_PASSWORD', PASSWORD);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { url, end, notes } = await running('console --port 0');
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const ask = (user: string, password = PASSWORD) =>
    fetch(`${url}/api/me`, { headers: { authorization: basic({ user, password }) } });
  expect((await ask('ops', 'guess')).status).toBe(401);
  expect(await (await ask('ops')).json()).toMatchObject({ user: 'ops', role: 'view', payload: false });
  expect(notes.join('')).toContain('warning: failed login from 127.0.0.1 (1 in a row)');
  expect(await end()).toMatchObject({ code: 0 });
  await expect(ask('ops')).rejects.toThrow('fetch failed');
});

it('takes the accounts of a file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'scalr-console-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = join(dir, 'accounts.json');
  await writeFile(file, JSON.stringify([{ user: 'ada', password: PASSWORD, role: 'admin', apps: ['shop'] }]));
  const { url, end } = await running(`console --port 0 --accounts ${file}`);
  const authorization = basic({ user: 'ada', password: PASSWORD });
  const me = await fetch(`${url}/api/me`, { headers: { authorization } });
  expect(await me.json()).toMatchObject({ user: 'ada', role: 'admin', apps: ['shop'] });
  await end();
  await writeFile(file, 'ada');
  expect(await commandLine('', NOWHERE)(`console --accounts ${file}`)).toMatchObject({
    code: 2,
    err: `error: the accounts cannot be read from ${file}: it is no JSON\n`,
  });
});

it('does not start where nobody, or anybody, could log in', async () => {
  const cli = commandLine('', NOWHERE);
  expect(await cli('console')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/SCALR_CONSOLE_PASSWORD/),
  });
  vi.stubEnv('SCALR_CONSOLE_PASSWORD', 'short');
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await cli('console')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/password of the console user "ops" is refused.*fewer than 12/),
  });
  vi.stubEnv('SCALR_CONSOLE_PASSWORD', PASSWORD);
  expect(await cli('console --writes')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/SCALR_CONSOLE_WRITE_REDIS_URL/),
  });
  expect(await cli('console --accounts /nowhere')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/ENOENT/),
  });
});

it('says that its port is taken', async () => {
  vi.stubEnv('SCALR_CONSOLE_PASSWORD', PASSWORD);
  onTestFinished(() => void vi.unstubAllEnvs());
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  expect(await commandLine('', NOWHERE)(`console --port ${port}`)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/),
  });
});

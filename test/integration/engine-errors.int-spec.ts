import { fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';

const PASSWORD = 'first-secret';
const ROTATED = 'second-secret';

/** A process of several apps, and all it has written. */
async function start(role: 'web' | 'worker', urls: string[]) {
  const script = new URL('children/bull-queues.mjs', import.meta.url);
  const child = fork(script, [role, ...urls], { silent: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  const written = { output: '' };
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => (written.output += text));
  }
  await once(child, 'message');
  return {
    written,
    add: () => child.send('add'),
    end: async () => {
      child.send('end');
      await once(child, 'close');
    },
  };
}

describe('queues, workers, events and flows that an application made for itself', () => {
  it(
    'print no password, no argument and no stack, whatever is wrong with Redis',
    { timeout: 60_000 },
    async () => {
      await using redis = await RedisServer.start({
        acl: [
          `user admin on >admin ~* &* +@all`,
          `user app on >${PASSWORD} ~* &* +@all`,
          `user narrow on >${PASSWORD} ~* &* +@all -evalsha -eval -info`,
          'user default on nopass ~* &* +@all',
        ],
      });
      const at = (user: string, password: string, port = redis.port) =>
        `redis://${user}:${password}@127.0.0.1:${port}`;
      const urls = [
        at('app', 'wrong-secret'),
        at('app', PASSWORD),
        at('narrow', PASSWORD),
        at('app', PASSWORD, await freePort()),
      ];
      const [web, worker] = await Promise.all([start('web', urls), start('worker', urls)]);
      const both = [web, worker];
      await eventually(async () => {
        for (const { written } of both) expect(written.output).toContain('refuses the user or the password');
        expect((await redis.cli('CLIENT', 'LIST')).match(/user=app /g)?.length).toBeGreaterThan(4);
      });
      web.add();

      // No memory left, then another password.
      await redis.cli('CONFIG', 'SET', 'maxmemory', '1');
      web.add();
      await redis.cli('ACL', 'SETUSER', 'app', 'resetpass', `>${ROTATED}`);
      await redis.cli('CLIENT', 'KILL', 'USER', 'app');
      web.add();
      const seen = await redis.cli('INFO', 'commandstats');
      // Every connection has tried again, some of them more than once.
      await eventually(async () => {
        const refused = /cmdstat_hello:.*failed_calls=(\d+)|cmdstat_auth:.*failed_calls=(\d+)/;
        const count = (text: string) => Number(refused.exec(text)?.slice(1).find(Boolean) ?? 0);
        expect(count(await redis.cli('INFO', 'commandstats'))).toBeGreaterThan(count(seen) + 10);
      });
      await Promise.all(both.map(({ end }) => end()));

      for (const { written } of both) {
        const { output } = written;
        for (const secret of [PASSWORD, ROTATED, 'wrong-secret', 'payload-secret']) {
          expect(output).not.toContain(secret);
        }
        expect(output).not.toMatch(/ReplyError|command:|args:|^\s+at .*[:(]\d+/m);
        expect(output).not.toContain('[ioredis] Unhandled');
        // One line each ten seconds for each of the apps.
        const lines = output.split('\n').filter((line) => line.includes('trying again'));
        expect(lines.length).toBeGreaterThan(0);
        expect(lines.length).toBeLessThanOrEqual(urls.length * 2);
      }
    },
  );
});

import { Redis } from 'ioredis';
import { defineJob } from 'scalr-queue';
import type { ProcessRole } from '../../libs/scalr-queue/src/engine/finding.js';
import { missingCommands } from '../../libs/scalr-queue/src/engine/redis/preflight/acl-probe.js';
import { COMMANDS_OF } from '../../libs/scalr-queue/src/engine/redis/preflight/redis-commands.js';
import { startProducer, uniqueApp } from '../support/apps.js';
import { sharedRedisUrl } from '../support/redis.js';

const Note = defineJob('note');

/** A user of Redis that may touch the keys of one app, and use what the rules say. */
async function userOf(app: string, ...rules: string[]) {
  const admin = new Redis(sharedRedisUrl());
  const limits = ['on', '>secret', 'resetkeys', `~scalr:{${app}}:*`, 'resetchannels', ...rules];
  await admin.call('acl', 'setuser', app, ...limits);
  const url = new URL(sharedRedisUrl());
  Object.assign(url, { username: app, password: 'secret' });
  const redis = new Redis(url.href, { enableReadyCheck: false });
  redis.on('error', () => undefined);
  onTestFinished(async () => {
    redis.disconnect();
    await admin.call('acl', 'deluser', app);
    admin.disconnect();
  });
  const missing = (role: ProcessRole, withOptional = true) =>
    missingCommands(redis, role, `scalr:{${app}}:~probe`, withOptional);
  return { admin, redis, missing, url: url.href };
}

const roles = ['producer', 'worker'] as const;

describe('the commands that a role needs', () => {
  it.each(roles)('are commands of Redis: %s', async (role) => {
    const { admin } = await userOf(uniqueApp(), '+@all');
    const names = COMMANDS_OF[role].map(({ name }) => name);
    const known = (await admin.call('command', 'info', ...names)) as (unknown[] | null)[];
    expect(names.filter((_name, at) => known[at] === null)).toEqual([]);
  });

  it.each(roles)(
    'are tried as they should be written, on keys of the app, of which none is left: %s',
    async (role) => {
      const app = uniqueApp();
      const { admin, redis, missing } = await userOf(app, '+@all');
      const refusals: string[] = [];
      const call = redis.call.bind(redis);
      redis.call = ((name: string, ...args: string[]) => {
        const reply = call(name, ...args);
        reply.catch((error: Error) => refusals.push(`${name}: ${error.message}`));
        return reply;
      }) as typeof redis.call;
      expect(await missing(role)).toEqual([]);
      // What they refuse is what is not there.
      expect(refusals.toSorted()).toEqual([
        expect.stringMatching(/^evalsha: NOSCRIPT/),
        'lset: ERR no such key',
        'rename: ERR no such key',
      ]);
      expect(await admin.keys(`scalr:{${app}}:*`)).toEqual([]);
    },
  );

  it('are missed one by one where the user lacks them', async () => {
    const lacked = ['bzpopmin', 'eval', 'hget', 'rename', 'time', 'xread', 'zscore'];
    const { missing } = await userOf(uniqueApp(), '+@all', ...lacked.map((name) => `-${name}`));
    expect((await missing('worker')).toSorted()).toEqual(lacked);
    expect((await missing('producer')).toSorted()).toEqual(lacked.slice(1));
  });

  it('hold no process back where it can do without', async () => {
    const { missing } = await userOf(uniqueApp(), '+@all', '-bitfield');
    expect(await missing('worker')).toEqual(['bitfield']);
    expect(await missing('worker', false)).toEqual([]);
  });

  it('are all missed on keys that are not those of the user', async () => {
    const { redis } = await userOf(uniqueApp(), '+@all');
    const missing = await missingCommands(redis, 'worker', 'scalr:{other}:~probe', true);
    const keyless = ['eval', 'evalsha', 'info', 'ping', 'time'];
    const tried = COMMANDS_OF.worker.filter(({ probe }) => probe).map(({ name }) => name);
    expect(missing.toSorted()).toEqual(tried.filter((name) => !keyless.includes(name)).toSorted());
  });

  it('are named to the caller whose script was refused one half way', async () => {
    const app = uniqueApp();
    const { url } = await userOf(app, '+@all', '-zadd');
    const { queue } = await startProducer({ app, redis: url });
    await expect(queue.enqueue(Note, undefined, { delay: '1h' })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringContaining('the Redis user may not use ZADD. Grant it: ACL SETUSER <user> +zadd'),
    });
  });

  it('cannot be told where the connection is lost, which is thrown', async () => {
    const { redis, missing } = await userOf(uniqueApp(), '+@all');
    await redis.ping();
    redis.disconnect();
    await expect(missing('worker')).rejects.toThrow('Connection is closed');
  });
});

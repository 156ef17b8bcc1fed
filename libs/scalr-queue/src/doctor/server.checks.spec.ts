import type { RedisClient } from '../connection/redis.client.js';
import { checkLoad, readServerLoad } from './server.checks.js';

/** What a server says of itself, without the server: no disk can be made slow at will. */
const saying = (info: string) => ({ info: async () => info, call: async () => [] }) as unknown as RedisClient;

it('warns of a disk that is too slow for appendfsync everysec, with the cure', async () => {
  const load = await readServerLoad(saying('# Persistence\r\naof_enabled:1\r\naof_delayed_fsync:3\r\n'));
  const [finding, ...others] = checkLoad(load);
  expect(others).toEqual([]);
  expect(finding).toEqual({
    severity: 'warning',
    problem: expect.stringMatching(/too slow.*aof_delayed_fsync 3.*two seconds/),
    cure: expect.stringMatching(/appendfsync to always.*what-redis-keeps/),
  });
});

it.each(['aof_delayed_fsync:0\r\n', ''])('says nothing of a disk that keeps up: %j', async (info) => {
  expect(checkLoad(await readServerLoad(saying(info)))).toEqual([]);
});

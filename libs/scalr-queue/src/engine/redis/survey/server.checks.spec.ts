import type { RedisClient } from '../connection/redis.client.js';
import { checkLoad, checkStorage, readServerLoad } from './server.checks.js';

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

const GB = 2 ** 30;
it.each([
  ['memory to spare', { usedMemory: 0.74 * GB, maxMemory: GB }, []],
  ['memory that is nearly full', { usedMemory: 0.75 * GB, maxMemory: GB }, ['warning: Redis uses 75 % of']],
  ['memory that is full', { usedMemory: 0.9 * GB, maxMemory: GB }, ['danger: Redis uses 90 % of']],
  ['no limit of memory', { usedMemory: GB, maxMemory: 0 }, ['warning: Redis has no maxmemory']],
  ['a limit that may not be asked for', { usedMemory: GB }, []],
  ['keys that were evicted', { evictedKeys: 1 }, ['danger: JOBS MAY BE LOST: Redis has evicted 1 key since']],
  ['no key that was evicted', { evictedKeys: 0 }, []],
  [
    'a file that it cannot append to',
    { aofWriteFailed: true },
    ['danger: JOBS CAN BE LOST: Redis could not write its append-only file'],
  ],
  [
    'a snapshot that it cannot save',
    { saveFailed: true },
    ['danger: JOBS CAN BE LOST: Redis could not write its snapshot'],
  ],
  ['no fsync', { fsync: 'no' }, ['warning: appendfsync is no']],
  ['an fsync each second', { fsync: 'everysec' }, []],
  ['connections to spare', { clients: 74, maxClients: 100 }, []],
  ['nearly all connections taken', { clients: 75, maxClients: 100 }, ['warning: 75 of 100 connections']],
  ['all connections taken', { clients: 90, maxClients: 100 }, ['danger: 90 of 100 connections']],
  [
    'more than one trouble',
    { usedMemory: 1, maxMemory: 0, fsync: 'no' },
    ['warning: Redis has no maxmemory', 'warning: appendfsync is no'],
  ],
] as const)('says of a server with %s: %o', (_what, load, expected) => {
  const said = checkLoad(load).map(({ severity, problem }) => `${severity}: ${problem}`);
  expect(said).toEqual(expected.map((begin) => expect.stringContaining(begin)));
});

it('reads what a server says of its memory, its files and its clients', async () => {
  const info =
    'used_memory:5\r\nmaxmemory:10\r\nconnected_clients:3\r\nmaxclients:100\r\nevicted_keys:2\r\n' +
    'aof_last_write_status:err\r\nrdb_last_bgsave_status:ok\r\n';
  const settings: Record<string, string> = { appendfsync: 'always', 'hash-max-listpack-value': '64' };
  const call = async (command: string, _get?: string, name = '') =>
    command === 'CONFIG'
      ? [name, settings[name]]
      : 'id=1 name=scalr:{billing}:w flags=N\nid=2 name=scalr:{billing}:p flags=N\nid=3 name= flags=N\n';
  const redis = { info: async () => info, call } as unknown as RedisClient;
  expect(await readServerLoad(redis)).toEqual({
    usedMemory: 5,
    maxMemory: 10,
    clients: 3,
    maxClients: 100,
    evictedKeys: 2,
    aofWriteFailed: true,
    aofDelayedFsync: undefined,
    saveFailed: false,
    fsync: 'always',
    listpackValue: 64,
    clientsByApp: { billing: 2, '': 1 },
  });
});

const MB = 2 ** 20;
it('says to an app with much in Redis how its jobs would be smaller', () => {
  expect(checkStorage({ listpackValue: 64 }, 64 * MB)).toEqual([
    {
      severity: 'warning',
      problem: expect.stringMatching(/take 64 MB, .* more than 64 bytes/),
      cure: expect.stringMatching(/--hash-max-listpack-value 512: .*what-redis-keeps/),
    },
  ]);
});

it.each([
  ['little in it', 64, 64 * MB - 1],
  ['room for the options of a job', 512, 900 * MB],
  ['a setting that may not be asked for', undefined, 900 * MB],
  ['keys that were not measured', 64, undefined],
])('says nothing of it to an app with %s', (_what, listpackValue, ownBytes) => {
  expect(checkStorage({ listpackValue }, ownBytes)).toEqual([]);
});

it('does not ask a server with thousands of clients for all of their names', async () => {
  const asked: string[] = [];
  const call = async (command: string) => (asked.push(command), undefined);
  const of = (clients: number) =>
    ({ info: async () => `connected_clients:${clients}\r\n`, call }) as unknown as RedisClient;
  await readServerLoad(of(2_001));
  expect(asked).not.toContain('CLIENT');
  await readServerLoad(of(2_000));
  expect(asked).toContain('CLIENT');
});

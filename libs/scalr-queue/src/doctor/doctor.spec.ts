import { vi } from 'vitest';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { queueOf } from '../../../../test/support/queue-info.js';
import { workerOf } from '../../../../test/support/worker-info.js';
import { Doctor } from './doctor.js';

const NOW = Date.parse('2026-05-01T10:00:00Z');
const worker = workerOf({ queues: ['mail'], seenAt: new Date(NOW) });
const mail = queueOf();
const facts = { version: '7.2.0', role: 'master', aofEnabled: true, evictionPolicy: 'noeviction' };
const load = { usedMemory: 1_000, maxMemory: 9_000, clients: 3, maxClients: 100, clientsByApp: { shop: 2 } };
const keys = { keys: 5, seen: 5, apps: [{ app: 'shop', keys: 5 }], foreign: 0, ownBytes: 600, measured: 5 };

/** What a doctor is told; each answer can be replaced by another one, by an error, or by none at all. */
function doctor(answers: Record<string, unknown> = {}, { cluster = false } = {}) {
  const asked: unknown[] = [];
  const answer = async (what: string, usual: unknown, ...args: unknown[]) => {
    asked.push([what, ...args]);
    const given = what in answers ? answers[what] : usual;
    if (given instanceof Error) throw given;
    return given === 'never' ? new Promise(() => undefined) : given;
  };
  const parts = [
    { usable: (use: string) => answer('usable', undefined, use) },
    {
      missingCommands: (role: string) => answer('missingCommands', [], role),
      facts: () => answer('facts', facts),
      load: () => answer('load', load),
      keys: (queues: string[], deadline: number) => answer('keys', keys, queues, deadline),
    },
    {
      read: () => answer('state', { queues: [mail], workers: [worker], unhandled: [] }),
      lostWorkers: () => answer('lost', []),
    },
    { read: () => answer('schedules', { schedules: [] }) },
    { app: 'shop', prefix: 'scalr:{shop}', redis: { cluster } },
  ];
  const made = new Doctor(...(parts as unknown as ConstructorParameters<typeof Doctor>));
  return { asked, examine: (budget = 500) => made.examine({ role: 'worker', budget }) };
}

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

it('tells all that it saw, and finds nothing where nothing is wrong', async () => {
  const { asked, examine } = doctor();
  expect(await examine()).toEqual({
    app: 'shop',
    healthy: true,
    findings: [],
    notes: [],
    server: { ...facts, ...load },
    keys,
    queues: [mail],
    workers: [worker],
    unhandled: [],
  });
  expect(asked).toContainEqual(['usable', 'read']);
  expect(asked).toContainEqual(['missingCommands', 'worker']);
  expect(asked).toContainEqual(['keys', ['mail'], NOW + 500]);
});

it('tells of everything that is wrong, the worst first', async () => {
  const schedule = {
    spec: { name: 'nightly', queue: 'mail' },
    timetable: { next: (after: number) => after + 60_000 },
    lastSlot: NOW - 60_000,
  };
  const { examine } = doctor({
    facts: { ...facts, evictionPolicy: 'allkeys-lru' },
    missingCommands: ['ZRANK'],
    load: { ...load, usedMemory: 8_900 },
    state: { queues: [{ ...mail, paused: true }], workers: [worker], unhandled: [] },
    lost: [worker],
    schedules: { schedules: [schedule] },
  });
  const { healthy, findings } = await examine();
  expect(healthy).toBe(false);
  expect(findings.map(({ severity, problem }) => `${severity} ${problem}`)).toEqual([
    expect.stringMatching(/^fatal .*ZRANK/),
    expect.stringMatching(/^danger .*allkeys-lru/),
    expect.stringMatching(/^danger Redis uses 99 % of its maxmemory/),
    'warning The queue mail is paused',
    expect.stringMatching(/^warning A worker died without shutting down within a day/),
    expect.stringMatching(/^warning The schedule nightly was due at/),
  ]);
});

it('says that Redis is not there, and looks at nothing then', async () => {
  const { asked, examine } = doctor({ usable: new QueueUnavailableError('Redis at a:1 is not reachable') });
  expect(await examine()).toEqual({
    app: 'shop',
    healthy: false,
    findings: [
      {
        severity: 'fatal',
        problem: 'Redis at a:1 is not reachable',
        cure: 'Start Redis, and see SCALR_REDIS_URL (or --redis)',
      },
    ],
    notes: [],
  });
  expect(asked).toHaveLength(1);
  await expect(doctor({ usable: new TypeError('a fault') }).examine()).rejects.toThrow('a fault');
});

it('names what it could not look at, and why, and tells the rest', async () => {
  const refused = new Error('not allowed\nat x');
  const names = ['missingCommands', 'facts', 'load', 'state', 'lost', 'schedules', 'keys'];
  const { asked, examine } = doctor(Object.fromEntries(names.map((name) => [name, refused])));
  expect(await examine()).toEqual({
    app: 'shop',
    healthy: true,
    findings: [],
    notes: [
      'permissions: not looked at, not allowed',
      'server: not looked at, not allowed',
      'load: not looked at, not allowed',
      'queues and workers: not looked at, not allowed',
      'workers that died: not looked at, not allowed',
      'schedules: not looked at, not allowed',
      'keys (grant +scan and +dbsize): not looked at, not allowed',
    ],
  });
  expect(asked.at(-1)).toEqual(['keys', [], NOW + 500]);
  for (const [name, seen] of [
    ['facts', load],
    ['load', facts],
  ] as const)
    expect((await doctor({ [name]: refused }).examine()).server).toEqual(seen);
});

it('waits two seconds for each look, and as much longer for the keys as it may walk over them', async () => {
  const { examine } = doctor({ lost: 'never', keys: 'never' });
  const report = examine(1_000);
  let ended = false;
  void report.then(() => (ended = true));
  await vi.advanceTimersByTimeAsync(6_999);
  expect(ended).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect((await report).notes).toEqual([
    'workers that died: not looked at, no answer within 2000 ms',
    'keys (grant +scan and +dbsize): not looked at, no answer within 5000 ms',
  ]);
});

it('says what its numbers leave out, and what to grant', async () => {
  const notesOf = async (answers: Record<string, unknown>) => (await doctor(answers).examine()).notes;
  expect(await notesOf({ keys: { ...keys, keys: 9 } })).toEqual([
    '5 of 9 keys were looked at, the rest is estimated',
  ]);
  expect(await notesOf({ keys: { ...keys, ownBytes: undefined } })).toEqual([
    'memory was not measured: MEMORY USAGE is not allowed (grant +memory|usage)',
  ]);
  expect(await notesOf({ load: { ...load, clientsByApp: undefined } })).toEqual([
    'connections could not be counted by app: CLIENT LIST is not allowed, or too long (grant +client|list)',
  ]);
  expect(await notesOf({ facts: { ...facts, version: undefined } })).toEqual([
    'INFO is not allowed: eviction, append-only file and memory are unknown (grant +info)',
  ]);
  const cluster = await doctor({}, { cluster: true }).examine();
  expect(cluster).toMatchObject({ notes: ['keys were not counted: this is a cluster'] });
  expect(cluster.keys).toBeUndefined();
});

it('says how the jobs of a large app would be smaller', async () => {
  const server = { load: { ...load, usedMemory: 2 ** 30, maxMemory: 2 ** 32, listpackValue: 64 } };
  const problems = async (ownBytes: number) =>
    (await doctor({ ...server, keys: { ...keys, ownBytes } }).examine()).findings.map((it) => it.problem);
  expect(await problems(2 ** 27)).toEqual([expect.stringMatching(/^The keys of this app take 128 MB/)]);
  expect(await problems(600)).toEqual([]);
});

it('takes an app for no larger than the memory that is used', async () => {
  const bytesOf = async (answers: Record<string, unknown>) =>
    (await doctor(answers).examine()).keys?.ownBytes;
  expect(await bytesOf({ keys: { ...keys, ownBytes: 2_000 } })).toBe(1_000);
  expect(await bytesOf({ keys: { ...keys, ownBytes: 1_000 } })).toBe(1_000);
  expect(await bytesOf({ load: { ...load, usedMemory: undefined } })).toBe(600);
  expect(await bytesOf({ load: new Error('no') })).toBe(600);
});

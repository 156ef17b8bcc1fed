import { Injectable } from '@nestjs/common';
import { defineJob, type JobContext, JobEvents, ProcessJob } from 'scalr-queue';
import { TcpProxy } from '../faults/harness/proxy.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

const Hold = defineJob('hold', { retry: false });
const JOBS = 5;
const SECRET = 'hush-hush';
const ADMIN = 'user default on nopass ~* &* +@all';

/** A worker whose handlers wait until they are let go, and all that it says. */
async function holding(redis: string, app: string, name: string, log = capturedLog(), lockDuration = 1_200) {
  const starts: string[] = [];
  const causes: string[] = [];
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));

  @Injectable()
  class Holder {
    constructor(events: JobEvents) {
      events.on('lock-lost', ({ cause }) => void causes.push(cause));
    }

    @ProcessJob(Hold)
    async hold(_payload: void, { id, signal }: JobContext) {
      starts.push(id);
      const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.race([released, stopped]);
      return name;
    }
  }
  const worker = { lockDuration, stalledInterval: 300, maxCrashes: 5 };
  await startWorker({ redis, app, providers: [Holder], worker }, { logger: log.logger });
  onTestFinished(() => release());
  return {
    starts,
    causes,
    release: () => release(),
    warnings: () => [...log.lines('warn'), ...log.lines('error')],
    ofLocks: () => [...log.lines('warn'), ...log.lines('error')].filter((line) => /\block/.test(line)),
  };
}

async function enqueueAll({ queue }: Awaited<ReturnType<typeof startProducer>>) {
  const jobs = await Promise.all(Array.from({ length: JOBS }, () => queue.enqueue(Hold)));
  return jobs.map(({ id }) => id).toSorted();
}

/** The jobs that a line names as lost for that reason. */
function idsLostBy(line: string, why: string): string[] {
  const told = new RegExp(
    `^lock-lost hold (\\S+) in default: another worker has taken it, ${why}(?:, and \\d+ more: (.+))?$`,
  ).exec(line);
  if (!told) throw new Error(`not a line about lost locks of that reason: ${line}`);
  return [told[1]!, ...(told[2]?.split(', ') ?? [])];
}

/** How long the keys of locks of the app have to live, in milliseconds; those that are gone are left out. */
async function lockTimes(redis: RedisServer, app: string): Promise<number[]> {
  const keys = (await redis.cli('keys', `scalr:{${app}}:*:lock`)).split('\n').filter(Boolean);
  return Promise.all(keys.map(async (key) => Number(await redis.cli('pttl', key))));
}

describe('a Redis that refuses to renew locks', () => {
  it.each<[code: string, why: string, begin: string[], end: string[]]>([
    [
      'NOREPLICAS',
      'too few replicas are connected to the master',
      ['config', 'set', 'min-replicas-to-write', '1'],
      ['config', 'set', 'min-replicas-to-write', '0'],
    ],
    ['OOM', 'it is out of memory', ['config', 'set', 'maxmemory', '1'], ['config', 'set', 'maxmemory', '0']],
    [
      'READONLY',
      'this server is a replica, which takes no writes',
      ['replicaof', '127.0.0.1', '1'],
      ['replicaof', 'no', 'one'],
    ],
  ])(
    'is told of once for all jobs with its reason (%s), and every job completes after one run',
    async (code, why, begin, end) => {
      await using redis = await RedisServer.start();
      const app = uniqueApp();
      const producer = await startProducer({ redis: redis.url, app });
      const held = await holding(redis.url, app, 'only');
      const ids = await enqueueAll(producer);
      await eventually(() => expect(held.starts).toHaveLength(JOBS));
      await redis.cli(...begin);
      // Longer than all their locks live.
      await eventually(async () => expect(await lockTimes(redis, app)).toEqual([]), { timeout: 20_000 });
      await eventually(() => expect(held.ofLocks()).toHaveLength(1));
      expect(held.ofLocks()[0]).toMatch(
        new RegExp(
          `^Redis at \\S+ refuses to renew the locks of running jobs: ${why} \\(${code} .+\\)\\. ` +
            'They run on; one whose lock has expired another worker may run as well$',
        ),
      );
      await redis.cli(...end);
      await eventually(async () => expect(await lockTimes(redis, app)).toHaveLength(JOBS), {
        timeout: 20_000,
      });
      held.release();
      for (const id of ids)
        expect(await producer.jobs.waitFor({ id, name: 'hold' }, { timeout: '20s' })).toBe('only');
      expect(held.starts.toSorted()).toEqual(ids);
      expect(held.causes).toEqual([]);
      expect(held.ofLocks()).toHaveLength(1);
    },
  );

  it('is named as the cause, in one line, where another worker takes the jobs meanwhile (NOPERM)', async () => {
    const user = `user app on >${SECRET} ~* &* +@all`;
    await using redis = await RedisServer.start({ acl: [ADMIN, user] });
    const app = uniqueApp();
    const producer = await startProducer({ redis: redis.url, app });
    // Of both workers: a process has one log.
    const log = capturedLog();
    const narrow = await holding(`redis://app:${SECRET}@127.0.0.1:${redis.port}`, app, 'narrow', log);
    const ids = await enqueueAll(producer);
    await eventually(() => expect(narrow.starts).toHaveLength(JOBS));
    const other = await holding(redis.url, app, 'other', log);
    await redis.cli('acl', 'setuser', 'app', '-set');
    await eventually(() => expect(other.starts.toSorted()).toEqual(ids), { timeout: 30_000 });
    await redis.cli('acl', 'setuser', 'app', '+set');
    await eventually(() => expect(narrow.causes).toEqual(Array(JOBS).fill('refused')), { timeout: 20_000 });
    other.release();
    for (const id of ids)
      expect(await producer.jobs.waitFor({ id, name: 'hold' }, { timeout: '20s' })).toBe('other');
    const lost = narrow.ofLocks().filter((line) => line.startsWith('lock-lost'));
    expect(lost.length).toBeLessThanOrEqual(2);
    expect(lost.flatMap((line) => idsLostBy(line, 'as Redis refused to renew its lock')).toSorted()).toEqual(
      ids,
    );
    expect(narrow.ofLocks().filter((line) => line.includes('refuses to renew the locks'))).toHaveLength(1);
    expect(narrow.warnings().join('\n')).not.toMatch(/did not run|blocked|in time/);
  });
});

describe('a Redis that does not answer in time', () => {
  it('is named as the cause where another worker takes the jobs meanwhile', async () => {
    await using redis = await RedisServer.start();
    const proxy = await TcpProxy.start(redis.port);
    onTestFinished(() => proxy.close());
    const app = uniqueApp();
    const producer = await startProducer({ redis: redis.url, app });
    const log = capturedLog();
    const distant = await holding(proxy.url, app, 'distant', log, 2_500);
    const ids = await enqueueAll(producer);
    await eventually(() => expect(distant.starts).toHaveLength(JOBS));
    const near = await holding(redis.url, app, 'near', log, 2_500);
    proxy.delay = 1_500;
    await eventually(() => expect(near.starts.toSorted()).toEqual(ids), { timeout: 30_000 });
    await eventually(() => expect(distant.causes).toEqual(Array(JOBS).fill('unanswered')), {
      timeout: 30_000,
    });
    proxy.delay = 0;
    near.release();
    for (const id of ids)
      expect(await producer.jobs.waitFor({ id, name: 'hold' }, { timeout: '20s' })).toBe('near');
    const why = 'as Redis did not answer the renewal of its lock in time';
    expect(
      distant
        .ofLocks()
        .flatMap((line) => idsLostBy(line, why))
        .toSorted(),
    ).toEqual(ids);
  });
});

import { Redis } from 'ioredis';
import { enqueued, finished, inState } from '../harness/expectations.js';
import { eventually } from '../../support/eventually.js';
import type { FaultRow } from '../harness/row.js';

/** Options of `enqueue` that are wrong, and the codes that say so. */
const WRONG: readonly object[] = [
  { retry: { attempts: 0 } },
  { retry: { attempts: '3' } },
  { retry: { delay: -1 } },
  { retry: { jitter: 2 } },
  { retry: { factor: 'double' } },
  { backoff: 'unknown' },
  { attemps: 3 },
  { delay: '5 parsecs' },
  { delay: -1 },
  { priority: -1 },
  { priority: 1.5 },
  { id: 'wait:active' },
  { timeout: 0 },
  { expiresIn: 'never' },
  { repeat: { every: 1_000 } },
];

/** The app that uses the library makes a mistake. */
export const appRows: FaultRow[] = [
  {
    id: 48,
    name: 'async listeners of events that throw, of the library and of a class for @nestjs/bullmq',
    requirement: 'logged; the process lives and goes on',
    quick: true,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const worker = await stage.worker(redis.url, { listeners: true }).then((booting) => booting.ready());
      await finished(stage, await enqueued(producer));
      await worker.process.waitForOutput(/a listener of "started" failed/);
      await worker.process.waitForOutput(/a listener of "completed" failed/);
      // As an app that uses the engine's own queue would.
      const client = new Redis(redis.url);
      const { Queue } = await import('bullmq');
      const classic = new Queue('classic', { connection: client, prefix: `scalr:{${stage.app}}` });
      const job = await classic.add('any', {});
      await finished(stage, job.id!);
      await worker.process.waitForOutput(/an async listener of the class failed/);
      await classic.close();
      client.disconnect();
      await finished(stage, await enqueued(producer));
      expect(await worker.status()).toBe(200);
      return { note: 'three listeners failed, all logged' };
    },
  },
  {
    id: 56,
    name: 'processors imported in a web process',
    requirement: 'it opens no connection of a worker and runs nothing; the job waits for a worker process',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url, { handlers: true });
      const id = await enqueued(producer);
      const clients = (await redis.cli('client', 'list'))
        .split('\n')
        .filter((line) => !line.includes('cmd=client|list'));
      const ofWorkers = clients.filter((line) => / name=\S+:(worker|w:\S+) | flags=b /.test(line));
      expect(clients.length).toBeGreaterThan(0);
      expect(ofWorkers).toEqual([]);
      expect((await producer.get(id)).state).toBe('waiting');
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      await inState(producer, id, 'completed');
      expect(stage.ledger.of('start').map(({ pid }) => pid)).toEqual([worker.process.pid]);
      return { note: `${clients.length} connections, none of a worker` };
    },
  },
  {
    id: 63,
    name: 'unknown backoff and other wrong options',
    requirement: 'each refused by enqueue with a sentence, nothing written; the queue goes on',
    quick: false,
    async run(stage) {
      const redis = await stage.redis();
      const producer = await stage.producer(redis.url);
      const outcomes = await Promise.all(WRONG.map((options) => producer.enqueue({ options })));
      expect(outcomes.map(({ code }) => code)).toEqual(WRONG.map(() => 'INVALID_OPTION'));
      for (const { message } of outcomes) expect(message).toMatch(/^(expected|unknown option)/);
      expect(await redis.cli('keys', `scalr:{${stage.app}}:default:task~*`)).toBe('');
      const worker = await stage.worker(redis.url).then((booting) => booting.ready());
      await finished(stage, await enqueued(producer));
      await eventually(async () => expect(await worker.status()).toBe(200));
      return { note: `${WRONG.length} of ${WRONG.length} refused` };
    },
  },
];

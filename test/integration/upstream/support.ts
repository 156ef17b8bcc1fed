import { randomUUID } from 'node:crypto';
import { type Processor, Queue, Worker, type WorkerOptions } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { sharedRedisUrl } from '../../support/redis.js';

/** A connection to the shared Redis, closed when the test ends. */
export function connect(options: RedisOptions = {}): Redis {
  const redis = new Redis(sharedRedisUrl(), { maxRetriesPerRequest: null, ...options });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** A plain queue of BullMQ, and what makes workers of it. */
export function startQueue(connection: Redis = connect()) {
  const name = `upstream-${randomUUID().slice(0, 8)}`;
  const queue = new Queue(name, { connection });
  onTestFinished(() => queue.close());
  const backend = queue.getBackend();
  const startWorker = <W extends Worker = Worker>(
    run: Processor,
    options: Partial<WorkerOptions> = {},
    Class?: new (name: string, run: Processor, options: WorkerOptions) => W,
  ): W => {
    const worker = new (Class ?? Worker)(name, run, { connection, ...options }) as W;
    worker.on('error', () => undefined);
    onTestFinished(() => worker.close(true));
    return worker;
  };
  return { name, queue, backend, connection, startWorker };
}

export const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

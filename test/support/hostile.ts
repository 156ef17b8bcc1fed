import { Redis } from 'ioredis';
import { EnqueueService, JobsService, ScalrQueueError } from 'scalr-queue';
import { startProducer, uniqueApp } from './apps.js';
import { sharedRedisUrl } from './redis.js';

/** How hostile code, and code without types, calls a service. */
export type Loose<Method extends string> = Record<Method, (...args: unknown[]) => Promise<unknown>>;

/** A producer of a new app, called without types. */
export async function startHostile() {
  const app = uniqueApp();
  const { get, context } = await startProducer({ app, payloadLimit: 1_000 });
  const [queue, jobs] = [get(EnqueueService), get(JobsService)];
  return {
    app,
    queue,
    jobs,
    context,
    loose: queue as unknown as Loose<'enqueue' | 'enqueueMany' | 'enqueueAndWait'>,
    looseJobs: jobs as unknown as Loose<'waitFor'>,
    /** Everything that was sent before on the connection of the producer has arrived when this has. */
    settled: () => jobs.get('nothing'),
  };
}

/** All that is stored for an app, seen by a client of its own. */
export async function keysOf(app: string): Promise<string[]> {
  const redis = new Redis(sharedRedisUrl());
  try {
    const keys: string[] = [];
    for await (const found of redis.scanStream({ match: `scalr:{${app}}:*`, count: 1_000 }))
      keys.push(...(found as string[]));
    return keys;
  } finally {
    redis.disconnect();
  }
}

/** The error of ours that a call rejects with; throws when it rejects with another, or not at all. */
export async function refusalOf(call: Promise<unknown>): Promise<ScalrQueueError> {
  const error = await call.then(
    (value) => new Error(`it was accepted: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ScalrQueueError)) throw error;
  return error;
}

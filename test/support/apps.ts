import { type INestApplicationContext, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { EnqueueService, JobsService, ScalrQueueModule, type ScalrQueueOptions } from 'scalr-queue';
import { runWorker, type RunningWorker, type RunWorkerOptions } from 'scalr-queue/worker';
import { onTestFinished } from 'vitest';
import { sharedRedisUrl } from './redis.js';

/** What a test may say about the app it starts. */
export interface TestAppOptions extends Omit<ScalrQueueOptions, 'redis'> {
  redis?: ScalrQueueOptions['redis'];
  providers?: ModuleMetadata['providers'];
  imports?: ModuleMetadata['imports'];
  controllers?: ModuleMetadata['controllers'];
}

/** Takes what is to be done when the test ends: `onTestFinished`, but for tests that run at the same time, which it mixes up. */
export type AtEnd = (work: () => Promise<void>) => void;

/** A namespace of its own on the shared Redis: how tests are kept apart. */
export const uniqueApp = (): string => `t-${randomUUID().slice(0, 13)}`;

/** A root module with the queue and the given providers. */
export function testModule(options: TestAppOptions) {
  const { providers = [], imports = [], controllers = [], ...queue } = options;
  class TestModule {}
  return {
    module: TestModule,
    imports: [
      ScalrQueueModule.forRoot({ redis: queue.redis ?? sharedRedisUrl(), app: uniqueApp(), ...queue }),
      ...imports,
    ],
    providers,
    controllers,
  };
}

/** A producing process in this one; closed when the test ends. */
export async function startProducer(
  options: TestAppOptions,
  { quiet = true, atEnd = onTestFinished }: { quiet?: boolean; atEnd?: AtEnd } = {},
) {
  const context = await NestFactory.createApplicationContext(testModule(options), {
    ...(quiet ? { logger: false as const } : {}),
    abortOnError: false,
  });
  atEnd(() => context.close());
  return servicesOf(context);
}

/** A worker in this process; closed when the test ends. */
export async function startWorker(
  options: TestAppOptions,
  run: RunWorkerOptions = {},
  atEnd: AtEnd = onTestFinished,
): Promise<RunningWorker> {
  const worker = await runWorker(testModule(options), {
    port: 0,
    signals: false,
    shutdownTimeout: '2s',
    logger: false,
    ...run,
  });
  atEnd(() => worker.close());
  return worker;
}

/** A producer and a worker of the same new app. */
export async function startBoth(options: TestAppOptions = {}, run?: RunWorkerOptions, atEnd?: AtEnd) {
  const app = options.app ?? uniqueApp();
  const worker = await startWorker({ ...options, app }, run, atEnd);
  const producer = await startProducer({ ...options, app, providers: [] }, { atEnd });
  return { app, worker, ...producer };
}

function servicesOf(context: INestApplicationContext) {
  return {
    context,
    queue: context.get(EnqueueService, { strict: false }),
    jobs: context.get(JobsService, { strict: false }),
    get: <T>(type: Type<T>): T => context.get(type, { strict: false }),
  };
}

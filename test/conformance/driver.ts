import type { Answers } from '../support/eventually.js';
import type { Provider, Type } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import {
  type AnyJobDefinition,
  DeadLetterService,
  EnqueueService,
  type JobContext,
  type JobInfo,
  JobsService,
  type PayloadOf,
  ProcessJob,
  QueuesService,
  type ScalrQueueOptions,
  Scheduled,
  type ScheduleOptions,
  SchedulesService,
} from 'scalr-queue';

/** What the behaviours need of an engine, be it Redis or the memory of the test kit. */
export interface Driver {
  get<T>(type: Type<T>): T;
  /** Lets that many milliseconds go by while a worker works. */
  readonly pass: (ms: number) => Promise<void>;
  /** Lets the worker work, and time go by, until the assertion holds; returns what it returns. */
  readonly until: <T>(assertion: (() => T | Promise<T>) & Answers<T>) => Promise<T>;
}

export interface AppOptions extends Omit<ScalrQueueOptions, 'redis' | 'app'> {
  readonly providers: Provider[];
  /** Whether handlers use `ctx.tx`: a real engine needs a PostgreSQL for it. */
  readonly transactions?: boolean;
}

/** Starts an app with a worker, for one test. */
export type StartDriver = (options: AppOptions) => Promise<Driver>;

/** An app under test with all that the behaviours ask of it. */
export async function appOf(start: StartDriver, options: AppOptions) {
  const driver = await start(options);
  const jobs = driver.get(JobsService);
  const stateOf = async (id: string) => (await jobs.get(id))?.state;
  return {
    pass: driver.pass,
    until: driver.until,
    queue: driver.get(EnqueueService),
    jobs,
    dead: driver.get(DeadLetterService),
    queues: driver.get(QueuesService),
    schedules: driver.get(SchedulesService),
    /** The job, once it is in that state. */
    in: (state: JobInfo['state'], { id }: { id: string }): Promise<JobInfo> =>
      driver.until(async () => {
        expect(await stateOf(id)).toBe(state);
        return (await jobs.get(id))!;
      }),
  };
}

/** A provider whose one method handles a definition. */
export function handlerOf<D extends AnyJobDefinition>(
  definition: D,
  handle: (payload: PayloadOf<D>, context: JobContext) => unknown,
  ...schedules: ScheduleOptions[]
): Type {
  class Handler {
    async run(payload: PayloadOf<D>, context: JobContext): Promise<unknown> {
      return handle(payload, context);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Handler.prototype, 'run')!;
  ProcessJob<AnyJobDefinition>(definition)(Handler.prototype, 'run', descriptor);
  for (const schedule of schedules) Scheduled(schedule)(Handler.prototype, 'run', descriptor);
  Injectable()(Handler);
  return Handler;
}

/** Ends when the attempt is told to stop. */
export const untilAborted = ({ signal }: JobContext): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

import { Injectable } from '@nestjs/common';
import {
  defineJob,
  JobContext,
  ProcessJob,
  Scheduled,
  type ScheduleOptions,
  SchedulesService,
} from 'scalr-queue';
import { expect } from 'vitest';
import { startProducer, startWorker, type TestAppOptions, uniqueApp } from './apps.js';

type Payload = { by: string } | undefined;
/** A run of the handler: for which slot (epoch ms), and when. */
export interface Run {
  slot: number;
  at: number;
  by?: string;
  attempt: number;
}

export const Tick = defineJob<Payload>('tick', { retry: { attempts: 3, delay: 1 } });
export const SECOND = 1_000;

/** The provider of a worker whose one handler carries these schedules and writes down its runs. */
export function ticker(runs: Run[], ...schedules: ScheduleOptions[]) {
  const AllScheduled: MethodDecorator = (target, method, descriptor) => {
    for (const schedule of schedules.toReversed()) Scheduled(schedule)(target, method, descriptor);
  };

  @Injectable()
  class Ticker {
    @ProcessJob(Tick)
    @AllScheduled
    async run(payload: Payload, ctx: JobContext) {
      runs.push({
        slot: ctx.scheduledFor?.getTime() ?? NaN,
        at: Date.now(),
        attempt: ctx.attempt,
        ...(payload ? { by: payload.by } : {}),
      });
      if (payload?.by === 'failing' && ctx.attempt === 1) throw new Error('the first attempt fails');
    }
  }
  return [Ticker];
}

/** An app of which workers with any schedules can be started. */
export async function startApp(options: TestAppOptions = {}) {
  const app = options.app ?? uniqueApp();
  const producer = await startProducer({ ...options, app });
  const schedules = producer.get(SchedulesService);
  const names = async () => (await schedules.list()).map(({ name }) => name);
  const startTicker = (runs: Run[], ...given: ScheduleOptions[]) =>
    startWorker({ ...options, app, providers: ticker(runs, ...given) });
  return { app, ...producer, schedules, names, startTicker };
}

/** Each slot once, and none left out. */
export function expectEachOnce(runs: readonly Run[], period = SECOND) {
  const slots = runs.map(({ slot }) => slot).toSorted((a, b) => a - b);
  const first = slots[0]!;
  expect(first % period).toBe(0);
  expect(slots).toEqual(slots.map((_slot, index) => first + index * period));
}

import { Injectable } from '@nestjs/common';
import { Job } from 'bullmq';
import { Redis } from 'ioredis';
import { defineJob, JobEvents, ProcessJob, Snooze } from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Naps = defineJob('naps');

it('tells that a job was put off before it tells of the next start, however late the answer of Redis comes', async () => {
  const seen: string[] = [];
  const { moveToDelayed } = Job.prototype as {
    moveToDelayed: (this: Job, timestamp: number, token?: string) => Promise<void>;
  };
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const late = async function (this: Job, timestamp: number, token?: string): Promise<void> {
    await moveToDelayed.call(this, timestamp, token);
    await answered;
  };
  const spy = vi.spyOn(Job.prototype, 'moveToDelayed').mockImplementation(late);
  onTestFinished(() => spy.mockRestore());

  @Injectable()
  class Napper {
    private naps = 0;

    constructor(events: JobEvents) {
      for (const name of ['started', 'postponed', 'completed'] as const)
        events.on(name, () => void seen.push(name));
    }

    @ProcessJob(Naps)
    nap() {
      if (this.naps++ === 0) throw new Snooze(1);
    }
  }
  const app = uniqueApp();
  const { queue } = await startProducer({ app });
  await startWorker({ app, providers: [Napper] });
  const { id } = await queue.enqueue(Naps);
  // Taken once more, by a worker that has not heard yet that it was put off.
  const redis = new Redis(sharedRedisUrl());
  onTestFinished(() => redis.disconnect());
  await eventually(async () =>
    expect(await redis.hget(`scalr:{${app}}:default:naps~${id}`, 'ats')).toBe('2'),
  );
  answer();
  await eventually(() => expect(seen).toEqual(['started', 'postponed', 'started', 'completed']));
});

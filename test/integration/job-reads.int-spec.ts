import { Injectable } from '@nestjs/common';
import { defineJob, ProcessJob } from 'scalr-queue';
import { startBoth } from '../support/apps.js';

const Fragile = defineJob('fragile', { retry: { attempts: 2, delay: '1h' } });

@Injectable()
class Breaker {
  @ProcessJob(Fragile)
  run(): void {
    throw new TypeError('it broke');
  }
}

it('tells a state and what led to it together, however often a job is looked at while it moves', async () => {
  const { queue, jobs } = await startBoth({ providers: [Breaker] });
  /** Looks all the time; what it saw first of the job after its failure. */
  const firstSeen = async (id: string) => {
    for (const end = Date.now() + 10_000; Date.now() < end;) {
      const job = await jobs.get(id);
      if (job?.state === 'running') expect([job.startedAt instanceof Date, job.attempt]).toEqual([true, 1]);
      if (job?.state === 'delayed') return job;
    }
    throw new Error('it was never delayed');
  };
  for (let n = 0; n < 60; n++) {
    const { id } = await queue.enqueue(Fragile);
    const lookers = await Promise.all(Array.from({ length: 5 }, () => firstSeen(id)));
    for (const job of lookers) expect(job).toMatchObject({ attempt: 1, error: { message: 'it broke' } });
  }
});

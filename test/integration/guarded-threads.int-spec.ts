import { UseGuards } from '@nestjs/common';
import { defineJob, type JobContext, ProcessJob } from 'scalr-queue';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

interface Task {
  act: string;
}
const Act = defineJob<Task>('act', { retry: false });
const thread = new URL('./threads/act.mjs', import.meta.url);
const seen: string[] = [];

class Guard {
  canActivate(context: { getArgs(): [Task, JobContext] }) {
    const [payload, { name }] = context.getArgs();
    seen.push(`${name} ${payload.act}`);
    return false;
  }
}

class Guarded {
  @UseGuards(Guard)
  @ProcessJob(Act, { thread })
  act(): void {
    seen.push('method');
  }
}

it('refuses a job before its thread runs', async () => {
  const { queue, jobs } = await startBoth({ providers: [Guarded] });
  const { id } = await queue.enqueue(Act, { act: 'spin' });
  await eventually(async () =>
    expect(await jobs.get(id)).toMatchObject({ state: 'dead', reason: 'discarded' }),
  );
  expect(seen).toEqual(['act spin']);
});

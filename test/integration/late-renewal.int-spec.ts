import { Injectable } from '@nestjs/common';
import { Job, Worker } from 'bullmq';
import { defineJob, type JobContext, JobEvents, ProcessJob, RetryLater, Snooze } from 'scalr-queue';
import { onTestFinished, vi } from 'vitest';
import { FinishCalls } from '../../libs/scalr-queue/src/engine/redis/worker/finish.calls.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

type End = 'hand back' | 'snooze' | 'retry later' | 'fail' | 'complete';
const Ending = defineJob<{ end: End }>('ending', { retry: { attempts: 5, delay: '1h' } });

/** Upstream: what renews the locks of a worker when its timer is due. */
interface Renewing {
  readonly lockManager: { extendLocks(ids: string[]): Promise<void> };
}

/** A worker whose locks are renewed once more each time that the end of a run has just been written, as the timer may have it. */
async function startLate(app: string) {
  const workers: Worker[] = [];
  const events: string[] = [];
  const starts: string[] = [];
  const { run } = Worker.prototype as { run: (this: Worker) => Promise<void> };
  const spies = [
    vi.spyOn(Worker.prototype, 'run').mockImplementation(function (this: Worker) {
      workers.push(this);
      return run.call(this);
    }),
  ];
  let renewals = 0;
  const renew = async (ids: readonly string[]) => {
    if (ids.length === 0) return;
    renewals++;
    for (const worker of workers) await (worker as unknown as Renewing).lockManager.extendLocks([...ids]);
  };
  for (const name of ['moveToWait', 'moveToDelayed', 'moveToFailed'] as const) {
    const write = Job.prototype[name] as (...args: unknown[]) => Promise<unknown>;
    const late = async function (this: Job, ...args: unknown[]): Promise<unknown> {
      const written = await write.apply(this, args);
      await renew([this.id!]);
      return written;
    };
    spies.push(vi.spyOn(Job.prototype, name).mockImplementation(late as never) as never);
  }
  type Send = (
    this: FinishCalls,
    ...args: Parameters<FinishCalls['send']>
  ) => ReturnType<FinishCalls['send']>;
  const { send } = FinishCalls.prototype as { send: Send };
  const late: Send = async function (this: FinishCalls, ...args) {
    const answer = await send.apply(this, args);
    await renew(args[2].map(({ id }) => id));
    return answer;
  };
  spies.push(vi.spyOn(FinishCalls.prototype, 'send').mockImplementation(late) as never);
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });

  @Injectable()
  class Runner {
    constructor(told: JobEvents) {
      for (const name of ['lock-lost', 'stalled'] as const)
        told.on(name, ({ id }) => void events.push(`${name} ${id}`));
    }

    @ProcessJob(Ending)
    async run({ end }: { end: End }, { id, signal }: JobContext) {
      starts.push(id);
      if (end === 'snooze') throw new Snooze('1h');
      if (end === 'retry later') throw new RetryLater('1h');
      if (end === 'fail') throw new Error('failed');
      if (end === 'hand back')
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
    }
  }
  const worker = await startWorker({ app, providers: [Runner] }, { shutdownTimeout: 0 });
  return { worker, events, starts, renewals: () => renewals };
}

describe('locks that are renewed just after the end of a run was written', () => {
  it.each<[End, string]>([
    ['hand back', 'waiting'],
    ['snooze', 'delayed'],
    ['retry later', 'delayed'],
    ['fail', 'delayed'],
    ['complete', 'completed'],
  ])('leave the job where it is, and are not told as lost: %s', async (end, state) => {
    const app = uniqueApp();
    const { queue, jobs } = await startProducer({ app });
    const { worker, events, starts, renewals } = await startLate(app);
    const { id } = await queue.enqueue(Ending, { end });
    await eventually(() => expect(starts).toEqual([id]));
    if (end === 'hand back') await worker.close();
    await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state }));
    await eventually(() => renewals() > 0);
    if (end !== 'hand back') await worker.close();
    expect(await jobs.get(id)).toMatchObject({ state });
    expect(events).toEqual([]);
  });
});

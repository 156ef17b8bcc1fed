import { Injectable } from '@nestjs/common';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { defineJob, type EnqueuedJob, ProcessJob } from 'scalr-queue';
import { startBoth, startProducer, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Sync = defineJob<{ account: string; n?: number }>('sync', {
  unique: { key: (payload) => payload.account },
});

describe('a unique job', () => {
  it('is made once by 50 concurrent enqueues from each of 4 processes, and all are told which one counts', async () => {
    const app = uniqueApp();
    const script = new URL('children/enqueue-unique.mjs', import.meta.url);
    const children = Array.from({ length: 4 }, () => fork(script, [sharedRedisUrl(), app, '50']));
    await Promise.all(children.map((child) => once(child, 'message')));
    const answers = children.map((child) => once(child, 'message') as Promise<[EnqueuedJob[]]>);
    for (const child of children) child.send('go');
    const jobs = (await Promise.all(answers)).flatMap(([list]) => list);
    await Promise.all(
      children.filter((child) => child.exitCode === null).map((child) => once(child, 'exit')),
    );
    expect(jobs).toHaveLength(200);
    expect(jobs.filter(({ status }) => status === 'created')).toHaveLength(1);
    expect(jobs.filter(({ status }) => status === 'duplicate')).toHaveLength(199);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
  });

  it('is free again when the first has finished', async () => {
    @Injectable()
    class SyncProcessor {
      @ProcessJob(Sync)
      run() {}
    }
    const { queue, jobs } = await startBoth({ providers: [SyncProcessor] });
    const first = await queue.enqueue(Sync, { account: 'b' });
    await jobs.waitFor(first, { timeout: '5s' });
    const second = await queue.enqueue(Sync, { account: 'b' });
    expect(second).toMatchObject({ status: 'created' });
    expect(second.id).not.toBe(first.id);
  });

  it('keeps its key for a window', async () => {
    const { queue } = await startProducer({});
    const unique = { key: 'daily', for: 400 } as const;
    const first = await queue.enqueue(Sync, { account: 'c' }, { unique });
    expect(await queue.enqueue(Sync, { account: 'c' }, { unique })).toMatchObject({
      status: 'duplicate',
      id: first.id,
    });
    await eventually(async () =>
      expect(await queue.enqueue(Sync, { account: 'c' }, { unique })).toMatchObject({ status: 'created' }),
    );
  });

  it('replaces a delayed one on request (debounce), but not one that is already waiting', async () => {
    const { queue, jobs } = await startProducer({});
    const unique = { key: 'bounce', onConflict: 'replace' } as const;
    const first = await queue.enqueue(Sync, { account: 'd', n: 1 }, { unique, delay: '1h' });
    const second = await queue.enqueue(Sync, { account: 'd', n: 2 }, { unique, delay: '1h' });
    expect([first.status, second.status]).toEqual(['created', 'replaced']);
    expect(await jobs.get(first.id)).toBeUndefined();
    await expect(jobs.waitFor(first, { timeout: '5s' })).rejects.toThrow(/another job replaced it/);
    expect(await jobs.get(second.id)).toMatchObject({ state: 'delayed' });
    const third = await queue.enqueue(Sync, { account: 'd', n: 3 }, { unique });
    expect(third.status).toBe('replaced');
    expect(await queue.enqueue(Sync, { account: 'd', n: 4 }, { unique })).toMatchObject({
      status: 'duplicate',
      id: third.id,
    });
  });

  it('of one definition does not stand in the way of another, and can be asked for per call', async () => {
    const { queue } = await startProducer({});
    const Other = defineJob<{ account: string }>('other-sync', {
      unique: { key: (payload) => payload.account },
    });
    expect(await queue.enqueue(Sync, { account: 'e' })).toMatchObject({ status: 'created' });
    expect(await queue.enqueue(Other, { account: 'e' })).toMatchObject({ status: 'created' });
    expect(await queue.enqueue(Sync, { account: 'e' }, { unique: false })).toMatchObject({
      status: 'created',
    });
    expect(await queue.enqueue(Sync, { account: 'e' })).toMatchObject({ status: 'duplicate' });
  });
});

import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob, type JobContext, JobEvents, JobsService, ProcessJob, Snooze } from 'scalr-queue';
import { startBoth, startProducer, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Block = defineJob<{ ms: number; fails?: boolean }>('block', { retry: { attempts: 5, delay: 50 } });
const Wait = defineJob<{ ms: number }>('wait');
const worker = { lockDuration: 600, stalledInterval: 200, maxCrashes: 1 };

const blockFor = (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

/** What a test sees of the runs of its handlers. */
function staged() {
  const runs: string[] = [];
  const blocks: unknown[] = [];
  const lost: unknown[] = [];

  @Injectable()
  class Stage {
    constructor(events: JobEvents) {
      events.on('blocked', (event) => void blocks.push(event));
      events.on('lock-lost', (event) => void lost.push(event));
    }

    @ProcessJob(Block)
    async block({ ms, fails }: { ms: number; fails?: boolean }, { attempt }: JobContext) {
      runs.push(`block ${attempt}`);
      // Not in the first turn of the handler.
      await pause(5);
      blockFor(ms);
      if (fails && attempt === 1) throw new Error('after all that');
      return 'done';
    }

    @ProcessJob(Wait)
    async wait({ ms }: { ms: number }, { attempt }: JobContext) {
      runs.push(`wait ${attempt}`);
      await pause(ms);
      return 'waited';
    }
  }
  return { runs, blocks, lost, providers: [Stage] };
}

describe('a handler that blocks the event loop for longer than the lock', () => {
  it('completes after one run where nobody else took the job, as does the job beside it', async () => {
    const { runs, blocks, lost, providers } = staged();
    const { queue, jobs, worker: running } = await startBoth({ providers, worker });
    const innocent = await queue.enqueue(Wait, { ms: 1_500 });
    await eventually(() => expect(runs).toEqual(['wait 1']));
    const job = await queue.enqueue(Block, { ms: 1_200 });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('done');
    expect(await jobs.waitFor(innocent, { timeout: '10s' })).toBe('waited');
    expect(runs).toEqual(['wait 1', 'block 1']);
    expect(lost).toEqual([]);
    await eventually(() => expect(blocks).toHaveLength(1));
    expect(blocks[0]).toMatchObject({ id: job.id, name: 'block', handlers: ['Stage.block'], lockMs: 600 });
    expect((blocks[0] as { blockedMs: number }).blockedMs).toBeGreaterThanOrEqual(1_100);
    const metrics = await (await fetch(`${running.url}/metrics`)).text();
    expect(metrics).toMatch(/scalr_queue_worker_blocked_total\{[^}]*job_name="block"[^}]*\} 1/);
  });

  it('fails one attempt where it throws, and no more', async () => {
    const { runs, lost, providers } = staged();
    const { queue, jobs } = await startBoth({ providers, worker });
    const job = await queue.enqueue(Block, { ms: 900, fails: true });
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('done');
    expect(runs).toEqual(['block 1', 'block 2']);
    expect(lost).toEqual([]);
  });

  it.each([false, true])(
    'runs once more where another worker took the job, which blocks as well (it fails: %s)',
    { timeout: 60_000 },
    async (fails) => {
      const app = uniqueApp();
      const { queue, jobs } = await startProducer({ app });
      const runs: number[] = [];
      const script = new URL('children/blocking-worker.mjs', import.meta.url);
      const children = [1, 2].map(() => fork(script, [sharedRedisUrl(), app], { silent: true }));
      let output = '';
      await Promise.all(
        children.map(async (child) => {
          onTestFinished(() => void child.kill('SIGKILL'));
          for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
          await once(child, 'message');
          child.on('message', ({ attempt }: { attempt?: number }) => attempt && runs.push(attempt));
        }),
      );
      const retry = { attempts: 1 };
      const job = await queue.enqueue(Block, { ms: 1_500, fails }, { retry });
      const end = jobs.waitFor(job, { timeout: '40s' }).catch((error: unknown) => error);
      if (fails) expect(await end).toMatchObject({ reason: 'attempts' });
      else expect(children.map(({ pid }) => pid)).toContain(await end);
      expect(runs.length).toBeLessThanOrEqual(2);
      expect(output).toMatch(/worker blocked for 1\.\d s by Blocks\.block\b/);
      expect(output).not.toMatch(/Redis at/);
    },
  );
});

describe('crashes', () => {
  it.each<[string, (run: number) => void]>([
    ['snoozes', (run) => void (run === 1 && snooze())],
    ['fails', (run) => void (run === 1 && fail())],
  ])('are counted anew once the job %s', async (_how, act) => {
    const Poll = defineJob('poll', { retry: { attempts: 2, delay: 20 } });
    const stored: (string | null)[] = [];
    const app = uniqueApp();
    const redis = new Redis(sharedRedisUrl());
    onTestFinished(() => redis.disconnect());
    const keyOf = (id: string) => `scalr:{${app}}:default:poll:${id}`;
    let runs = 0;

    @Injectable()
    class Polls {
      @ProcessJob(Poll)
      async poll(_payload: void, { id }: JobContext) {
        const [key] = await redis.keys(`scalr:{${app}}:default:*${id}`);
        stored.push(await redis.hget(key ?? keyOf(id), 'stc'));
        act(++runs);
      }
    }
    const { queue, get } = await startBoth({ app, providers: [Polls], worker: { maxCrashes: 3 } });
    const job = await queue.enqueue(Poll, undefined, { delay: '1h' });
    const [key = ''] = await redis.keys(`scalr:{${app}}:default:*${job.id}`);
    // As two crashes leave it.
    await redis.hset(key, 'stc', 2);
    await redis.zadd(`scalr:{${app}}:default:delayed`, 1, key.slice(`scalr:{${app}}:default:`.length));
    await redis.zadd(`scalr:{${app}}:default:marker`, 1, '1');
    await get(JobsService).waitFor(job, { timeout: '20s' });
    expect(stored[0]).toBe('2');
    expect(stored[1] ?? '0').toBe('0');
    expect(runs).toBe(2);
  });
});

function snooze(): never {
  throw new Snooze(20);
}

function fail(): never {
  throw new Error('once');
}

import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineJob, type EnqueueOptions, QueuesService } from 'scalr-queue';
import { startProducer } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { startRedis, startWorker } from './support/start.js';

/** The jobs of `test/e2e/apps/dying.worker.mjs`; `lost` is none of them. */
const jobs = Object.fromEntries(
  ['boom', 'crash', 'late', 'charge', 'lost'].map((name) => [name, defineJob(name)]),
);

async function startApp() {
  const redis = await startRedis();
  const dir = await mkdtemp(join(tmpdir(), 'scalr-deaths-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const deaths = join(dir, 'deaths');
  const producer = await startProducer({ redis: redis.url, app: 'e2e' });
  return {
    /** @param kill where the worker is to kill itself */
    work: async (kill = '') => {
      const env = { DEATHS: deaths, KILL: kill };
      return (await startWorker(redis.url, env, 'test/e2e/apps/dying.worker.mjs')).process;
    },
    enqueue: async (name: string, options?: EnqueueOptions<void>) =>
      producer.queue.enqueue(jobs[name]!, undefined, { id: name, ...options }),
    /** Once nothing is left to be done: what died of what, as often as the hook was told. */
    told: async (expected: string[]) => {
      const queues = producer.get(QueuesService);
      await eventually(
        async () => {
          const [info] = await queues.list();
          expect(info).toMatchObject({ waiting: 0, running: 0, delayed: 0 });
          const lines = (await readFile(deaths, 'utf8')).trim().split('\n');
          expect(lines.toSorted()).toEqual(expected.toSorted());
        },
        { timeout: 30_000 },
      );
    },
  };
}

describe('the hook of deaths', () => {
  it.each([
    ['killed its workers', 'crash', 'crash crashed', 2],
    ['killed its worker within an effect', 'charge', 'charge effect-unknown', 1],
  ])('is told once of a job that %s', async (_what, name, expected, crashes) => {
    const { work, enqueue, told } = await startApp();
    await enqueue(name);
    for (let crash = 0; crash < crashes; crash++) await (await work()).exited;
    await work();
    await told([expected]);
  });

  it('is told once of one that has no handler, and of one that came too late', async () => {
    const { work, enqueue, told } = await startApp();
    await enqueue('late', { expiresIn: 1 });
    await enqueue('lost');
    await work();
    await told(['late expired', 'lost unknown-job']);
  });

  it('is told once of a job whose worker was killed after the follow-up was stored, and before the death was', async () => {
    const { work, enqueue, told } = await startApp();
    await enqueue('boom');
    await (
      await work('death')
    ).exited;
    await work();
    await told(['boom attempts']);
  });

  it('is told again where the worker was killed while it was being told', async () => {
    const { work, enqueue, told } = await startApp();
    await enqueue('boom');
    await (
      await work('follow-up')
    ).exited;
    await work();
    await told(['boom attempts']);
  });
});

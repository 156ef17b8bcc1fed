import { freePort } from '../support/ports.js';
import { eventually } from '../support/eventually.js';
import { request } from './support/http.js';
import { closedGate, Held, startHeldProducer, startHeldWorker } from './support/held.js';
import { ready, type RunningApp, startRedis, startWeb, startWorker } from './support/start.js';

/** SCALR_SHUTDOWN_TIMEOUT of these tests. A second beyond it is promised; the rest is for a busy machine. */
const TIMEOUT = 2_000;
const LIMIT = TIMEOUT + 8_000;

/** Sends the signal and tells how the process ended, and after how long. */
async function end({ process }: RunningApp, signal: NodeJS.Signals = 'SIGTERM') {
  const begin = Date.now();
  process.signal(signal);
  const { code, signal: by } = await process.exited;
  return { code, by, took: Date.now() - begin };
}

/** A worker in the middle of a job that waits at a gate. */
async function startBusyWorker() {
  const redis = await startRedis();
  const worker = await startHeldWorker(redis.url);
  await ready(worker);
  const producer = await startHeldProducer(redis.url);
  const gate = await closedGate();
  const { id } = await producer.queue.enqueue(Held, { gate: gate.path });
  await worker.process.waitForOutput(new RegExp(`started ${id} attempt 1`));
  return { redis, worker, gate, id, ...producer };
}

describe('SIGTERM', () => {
  it('lets a running job finish, and takes no other meanwhile', async () => {
    const { worker, gate, id, queue, jobs } = await startBusyWorker();
    worker.process.signal('SIGTERM');
    await worker.process.waitForHttp(`${worker.url}/health/ready`, 503);
    expect((await request(`${worker.url}/health/live`)).status).toBe(200);
    const late = await queue.enqueue(Held, { gate: '' });
    await gate.open();
    expect(await worker.process.exited).toMatchObject({ code: 0 });
    expect(worker.process.output).toMatch(/Shutdown: 1 finished, 0 handed back$/m);
    expect(await gate.finished()).toEqual([`finished ${id} attempt 1`]);
    expect(await jobs.get(id)).toMatchObject({ state: 'completed' });
    expect(await jobs.get(late.id)).toMatchObject({ state: 'waiting' });
  });

  it('hands a job back that does not finish in time; the next worker runs it, with no attempt used', async () => {
    const { redis, worker, gate, id, jobs } = await startBusyWorker();
    const { code, took } = await end(worker);
    expect(code).toBe(0);
    expect(took).toBeGreaterThanOrEqual(TIMEOUT);
    expect(took).toBeLessThan(LIMIT);
    expect(worker.process.output).toMatch(/Shutdown: 0 finished, 1 handed back$/m);
    expect(await jobs.get(id)).toMatchObject({ state: 'waiting' });

    const next = await startHeldWorker(redis.url);
    await next.process.waitForOutput(new RegExp(`started ${id} attempt 1`));
    await gate.open();
    await eventually(async () =>
      expect(await jobs.get(id)).toMatchObject({ state: 'completed', attempt: 1 }),
    );
    expect(await gate.finished()).toEqual([`finished ${id} attempt 1`]);
  });

  it.each(['dead', 'frozen'])('ends an idle worker in time when Redis is %s', async (fault) => {
    const redis = await startRedis();
    const worker = await startWorker(redis.url);
    await ready(worker);
    await (fault === 'dead' ? redis.kill() : redis.freeze());
    const { code, took } = await end(worker);
    expect(code).toBe(0);
    expect(took).toBeLessThan(LIMIT);
  });

  it.each(['dead', 'frozen'])(
    'ends a busy worker in time when Redis is %s; its job survives',
    async (fault) => {
      const { redis, worker, gate, id, jobs } = await startBusyWorker();
      await redis.written();
      await (fault === 'dead' ? redis.kill() : redis.freeze());
      const { code, took } = await end(worker);
      expect(code).toBe(0);
      expect(took).toBeLessThan(LIMIT);
      expect(worker.process.output).toMatch(
        /Shutdown: 0 finished, 0 handed back, 1 left to recovery \(Redis did not answer, or refused\)$/m,
      );

      await (fault === 'dead' ? redis.restart() : redis.thaw());
      await gate.open();
      const next = await startHeldWorker(redis.url);
      await next.process.waitForOutput(new RegExp(`started ${id} attempt 1`));
      await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'completed' }));
    },
  );

  it.each(['dead', 'frozen'])('ends a web process in time when Redis is %s', async (fault) => {
    const redis = await startRedis();
    const web = await startWeb(redis.url);
    await ready(web);
    await (fault === 'dead' ? redis.kill() : redis.freeze());
    expect((await end(web)).took).toBeLessThan(15_000);
  });

  it('ends a worker that still waits for Redis', async () => {
    const worker = await startWorker(`redis://127.0.0.1:${await freePort()}`);
    await worker.process.waitForHttp(`${worker.url}/health/live`);
    await worker.process.waitForOutput(/Redis at .* trying again/);
    const { code, took } = await end(worker);
    expect(code).toBe(0);
    expect(took).toBeLessThan(LIMIT);
  });

  it('in the middle of a slow boot waits for it, then runs the shutdown hooks, which get the signal', async () => {
    const redis = await startRedis();
    const worker = await startWorker(redis.url, {}, 'test/e2e/apps/boot.worker.mjs');
    await worker.process.waitForOutput(/connecting to the database/);
    const { code } = await end(worker);
    expect(code).toBe(0);
    expect(worker.process.output).toMatch(
      /connected\n[\s\S]*disconnected\n[\s\S]*database closed by SIGTERM/,
    );
    expect(worker.process.output).not.toMatch(/ready, health|Working on/);
  });

  it('ends a worker whose boot hangs', async () => {
    const redis = await startRedis();
    const worker = await startWorker(redis.url, {}, 'test/e2e/apps/hanging.worker.mjs');
    await worker.process.waitForOutput(/connecting to the database/);
    expect((await request(`${worker.url}/health/live`)).status).toBe(200);
    expect((await request(`${worker.url}/health/startup`)).status).toBe(503);
    const { code, took } = await end(worker);
    expect(code).toBe(0);
    expect(took).toBeLessThan(LIMIT);
    expect(worker.process.output).toContain(`Database.onModuleInit did not finish within ${TIMEOUT} ms`);
  });
});

it('ends by itself after a failed boot that is caught: all that it opened is closed', async () => {
  const redis = await startRedis();
  const { process } = await startWorker(redis.url, { BOOT: 'fails' }, 'test/e2e/apps/boot.worker.mjs');
  expect(await process.exited).toMatchObject({ code: 0, signal: null });
  expect(process.output).toMatch(/disconnected\n[\s\S]*caught: no database/);
});

it('ends at once at the second signal, and the job is run again', async () => {
  const { redis, worker, gate, id, jobs } = await startBusyWorker();
  worker.process.signal('SIGTERM');
  await worker.process.waitForOutput(/SIGTERM: shutting down/);
  const { code, took } = await end(worker, 'SIGINT');
  expect(code).toBe(1);
  expect(took).toBeLessThan(10_000);

  await gate.open();
  await startHeldWorker(redis.url);
  await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'completed' }));
});

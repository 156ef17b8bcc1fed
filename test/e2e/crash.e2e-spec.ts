import { eventually } from '../support/eventually.js';
import { closedGate, Held, startHeldProducer, startHeldWorker } from './support/held.js';
import { ready, startRedis } from './support/start.js';

/** Lock and stalled interval of the held workers: a lost job is found within the lock and two checks. */
const RECOVERY = 2_000 + 2 * 500;
const SLACK = 2_000;

it('runs the job of a killed worker again, in time and with no attempt used', async () => {
  const redis = await startRedis();
  const [first, second] = await Promise.all([startHeldWorker(redis.url), startHeldWorker(redis.url)]);
  await Promise.all([ready(first), ready(second)]);
  const { queue, jobs } = await startHeldProducer(redis.url);
  const gate = await closedGate();
  const { id } = await queue.enqueue(Held, { gate: gate.path });

  const started = new RegExp(`started ${id} attempt 1`);
  const victim = await Promise.any(
    [first, second].map((worker) => worker.process.waitForOutput(started).then(() => worker)),
  );
  const survivor = victim === first ? second : first;
  await victim.process.kill();
  const begin = Date.now();
  await survivor.process.waitForOutput(started);
  expect(Date.now() - begin).toBeLessThan(RECOVERY + SLACK);
  await gate.open();
  await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'completed', attempt: 1 }));
  expect(await gate.finished()).toEqual([`finished ${id} attempt 1`]);
});

it('gives up on a job that kills its worker three times', async () => {
  const redis = await startRedis();
  const { queue, jobs } = await startHeldProducer(redis.url);
  const gate = await closedGate();
  const { id } = await queue.enqueue(Held, { gate: gate.path });
  for (let crash = 1; crash <= 3; crash++) {
    const worker = await startHeldWorker(redis.url);
    await worker.process.waitForOutput(new RegExp(`started ${id}`));
    await worker.process.kill();
  }
  const last = await startHeldWorker(redis.url);
  await eventually(async () =>
    expect(await jobs.get(id)).toMatchObject({ state: 'dead', reason: 'crashed' }),
  );
  expect(last.process.output).not.toContain(`started ${id}`);
});

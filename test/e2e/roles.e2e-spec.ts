import { eventually } from '../support/eventually.js';
import type { RedisServer } from '../support/redis.js';
import { Held, startHeldProducer, startHeldWorker } from './support/held.js';
import { request } from './support/http.js';
import { ready, startRedis, startWeb, startWorker } from './support/start.js';

/** One line for each connection: `name=... cmd=...`. */
const connectionsOf = async (redis: RedisServer) =>
  (await redis.cli('client', 'list')).split('\n').filter((line) => !line.includes('cmd=client|list'));

const isOfWorker = (line: string) => / name=\S+:(worker|w:\S+) | flags=b /.test(line);

it('never makes a worker of the web process, whatever its modules hold', async () => {
  const redis = await startRedis();
  const web = await startWeb(redis.url, {}, 'test/e2e/apps/web-with-processors.mjs');
  await ready(web);
  const { queue, jobs } = await startHeldProducer(redis.url);
  const { id } = await queue.enqueue(Held, { gate: '' });

  const lines = await connectionsOf(redis);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter(isOfWorker)).toEqual([]);
  expect(web.process.output).toMatch(/This web process runs no jobs, but holds \w+\.\w+/);
  expect(await jobs.get(id)).toMatchObject({ state: 'waiting' });

  const worker = await startHeldWorker(redis.url);
  await ready(worker);
  await eventually(async () => expect((await connectionsOf(redis)).some(isOfWorker)).toBe(true));
  await eventually(async () => expect(await jobs.get(id)).toMatchObject({ state: 'completed' }));
  expect(web.process.output).not.toContain(`started ${id}`);
});

it('mounts no controller in a worker, whatever its modules hold', async () => {
  const redis = await startRedis();
  const worker = await startWorker(redis.url, {}, 'test/e2e/apps/worker-with-controllers.mjs');
  await ready(worker);
  expect((await request(`${worker.url}/hello`)).status).toBe(404);
  expect((await request(`${worker.url}/health`)).status).toBe(200);
});

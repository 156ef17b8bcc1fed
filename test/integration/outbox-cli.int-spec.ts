import { postgresOutbox } from 'scalr-queue/outbox';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { outboxDatabase } from '../support/outbox.js';
import { Database } from '../support/postgres.js';
import { sharedRedisUrl } from '../support/redis.js';
import { Charge, shop } from '../support/shop.js';

/** The command line of an app with a PostgreSQL. */
function operator(app: string, url: string) {
  vi.stubEnv('SCALR_POSTGRES_URL', url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const cli = commandLine(app, sharedRedisUrl());
  return { cli, json: async (args: string) => JSON.parse((await cli(`${args} --json`)).out) as unknown };
}

it('makes the tables once, or prints the SQL that does', async () => {
  const database = await Database.create();
  onTestFinished(() => database[Symbol.asyncDispose]());
  const { cli } = operator(uniqueApp(), database.url);
  expect(await cli('outbox status')).toMatchObject({
    code: 2,
    err: expect.stringContaining('run npx scalr-queue outbox migrate') as string,
  });
  expect(await cli('outbox migrate')).toEqual({ code: 0, out: 'made version 2 of the tables\n', err: '' });
  expect((await cli('outbox migrate')).out).toBe('nothing to do: the tables have version 2\n');
  await startProducer({ outbox: postgresOutbox() });
  const { out } = await cli('outbox sql --schema jobs');
  await database.query(out);
  await startProducer({ outbox: postgresOutbox({ schema: 'jobs' }) });
  expect((await cli('outbox sql --from 1')).out).toMatch(/^-- scalr-queue outbox, version 2\n/);
  expect((await cli('outbox sql --from 2')).out).toBe('\n');
  expect(await cli('outbox sql --schema Jobs')).toMatchObject({ code: 2 });
});

it('says what waits, and who relays', async () => {
  const { app, database, queue, work } = await shop();
  const { cli, json } = operator(app, database.url);
  await queue.enqueueMany(Charge, [{ order: 1 }, { order: 2 }]);
  expect(await json('outbox status')).toMatchObject({ app, pending: 2, open: 0, done: 0, refused: 0 });
  expect((await cli('outbox status')).out).toMatch(/^pending {3}2 wait for Redis, the oldest for \d+/m);
  expect((await cli('doctor')).out).toContain('Nobody relays the outbox: 2 recorded jobs wait');
  await work();
  await eventually(async () =>
    expect(await json('outbox status')).toMatchObject({
      pending: 0,
      done: 2,
      relay: expect.stringContaining(`:${process.pid}:`) as string,
    }),
  );
  expect((await cli('doctor')).out).not.toContain('outbox');
});

it('sends again what has not ended, on demand what has', async () => {
  const { app, database, queue } = await shop();
  const { cli, json } = operator(app, database.url);
  await queue.enqueueMany(Charge, [{ order: 1 }, { order: 2 }, { order: 3 }, { order: 4 }]);
  await database.query(`update scalr_queue.outbox set sent_at = now() where (payload->>'order')::int <= 3;
    update scalr_queue.outbox set done_at = now() where (payload->>'order')::int = 1;
    update scalr_queue.outbox set created_at = now() - interval '2 days' where (payload->>'order')::int = 2;
    update scalr_queue.outbox set error = 'no', tries = 10 where (payload->>'order')::int = 4`);
  expect(await json('outbox replay --dry-run')).toEqual({ matched: 2, replayed: 0 });
  expect(await json('outbox replay --since 3d --dry-run')).toEqual({ matched: 3, replayed: 0 });
  expect(await cli('outbox replay')).toMatchObject({ code: 2 });
  expect(await json('outbox replay --ended --yes')).toEqual({ matched: 3, replayed: 3 });
  expect(await json('outbox status')).toMatchObject({ pending: 3, open: 1, done: 0, refused: 0 });
});

it('ends with 3 when PostgreSQL does not answer, without its password', async () => {
  const { cli } = operator(uniqueApp(), 'postgres://me:hunter2@127.0.0.1:1/none');
  const { code, err } = await cli('outbox status');
  expect(code).toBe(3);
  expect(err).toContain('PostgreSQL cannot be used');
  expect(err).not.toContain('hunter2');
});

it('is in the metrics of each process', async () => {
  const { url } = await outboxDatabase();
  const app = uniqueApp();
  const worker = await startWorker({ app, outbox: postgresOutbox({ url }) });
  await eventually(async () => {
    const text = await (await fetch(`${worker.url}/metrics`)).text();
    expect(text).toMatch(/^scalr_queue_outbox_pending\{.*scope="global".*\} 0$/m);
    expect(text).toMatch(/^scalr_queue_outbox_oldest_pending_seconds\{.*\} 0$/m);
    expect(text).toMatch(/^scalr_queue_outbox_relay_leader\{.*\} 1$/m);
  });
  const without = await startWorker({});
  expect(await (await fetch(`${without.url}/metrics`)).text()).not.toContain('outbox');
});

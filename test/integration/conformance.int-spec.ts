import { setTimeout as pause } from 'node:timers/promises';
import { conformanceOf } from '../conformance/behaviours.js';
import type { StartDriver } from '../conformance/driver.js';
import { migrationSql, postgresOutbox } from 'scalr-queue/outbox';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { Database } from '../support/postgres.js';

const endings: (() => Promise<void>)[] = [];
afterAll(async () => void (await Promise.all(endings.map((end) => end()))));

let database: Database;
beforeAll(async () => {
  database = await Database.create();
  await database.query(migrationSql('scalr_queue'));
});
afterAll(() => database[Symbol.asyncDispose]());

const start: StartDriver = async ({ transactions, ...options }) => {
  const outbox = transactions ? { outbox: postgresOutbox({ url: database.url }) } : {};
  const { get, jobs } = await startBoth({ ...options, ...outbox }, {}, (end) => void endings.push(end));
  // Several boot at a time: a call must not spend its deadline on the connection.
  await eventually(() => jobs.get('none').then(() => true), { timeout: 30_000 });
  // Here time goes by only by itself.
  return { get, pass: (ms) => pause(ms), until: (assertion) => eventually(assertion, { timeout: 30_000 }) };
};

/** Most of the time they wait, each for an app of its own. */
describe.concurrent('the real engine', () => {
  conformanceOf(start);
});

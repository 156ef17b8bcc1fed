// @ts-check
/**
 * One measurement of the outbox, or of one beside it, in a process of its own: `process.mjs SIDE MEASURE REDIS POSTGRES SCALE PID`, PID
 * being that of Redis. The last line is the result.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { storeCpu } from '../cpu.mjs';
import { measures as plainMeasures } from '../measures.mjs';
import { BATCH, payloadOf } from '../payload.mjs';
import { Task } from '../sides/scalr-queue.job.mjs';
import { openProducer } from './scalr-queue.mjs';

/** @typedef {import('./side.d.mts').OutboxSide} OutboxSide */

const [name = '', measure = '', redis = '', postgres = '', scaleText = '1', pid = ''] = process.argv.slice(2);
const scale = Number(scaleText);
const LANES = 20;
const TRANSACTIONS = 4_000;
const [WARM_PICKUPS, PICKUPS] = [50, 300];
const RELAYED = 50_000;
/** Rows that the relay takes at a time: of the first its begin is not known. */
const RELAY_BATCH = 500;

const pool = new pg.Pool({ connectionString: postgres, max: LANES });
await pool.query('create table orders (id bigserial primary key, note text not null)');

const measures = {
  commit,
  pickup,
  relay,
  'enqueue-1': () => plainEnqueue('enqueue-1'),
  'enqueue-100': () => plainEnqueue('enqueue-100'),
};
const measured = await measures[/** @type {keyof typeof measures} */ (measure)]();
console.log(JSON.stringify(measured));
process.exit();

/** Makes the tables, too. @param {string} [id] @returns {Promise<OutboxSide>} */
async function openSide(id = name) {
  const { open } = await import(`./${id}.mjs`);
  return open({ redis, postgres, pool });
}

/** A second: an order each, and its job. Nobody takes the jobs meanwhile. */
async function commit() {
  const side = await openSide();
  const count = TRANSACTIONS * scale;
  await inLanes(side, count / 3);
  const began = performance.now();
  await inLanes(side, count);
  return { perSecond: (count * 1_000) / (performance.now() - began) };
}

/** @param {OutboxSide} side @param {number} count */
async function inLanes(side, count) {
  let number = 0;
  const lane = async () => {
    while (number < count) await order(side, number++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** @param {OutboxSide} side @param {number} number @returns {Promise<number>} when its commit was asked for */
async function order(side, number) {
  const tx = await pool.connect();
  try {
    await tx.query('begin');
    await tx.query('insert into orders (note) values ($1)', [`order ${number}`]);
    await side.enqueue(tx, payloadOf(number));
    const asked = performance.now();
    await tx.query('commit');
    return asked;
  } finally {
    tx.release();
  }
}

/** Milliseconds from the call of COMMIT to the start of the handler, the worker being idle. */
async function pickup() {
  const side = await openSide();
  // One that polls takes half a second for each.
  const share = (name === 'pg-boss' || name === 'scalr-queue-silent' ? 0.1 : 1) * scale;
  /** @type {(at: number) => void} */
  let started = () => undefined;
  await side.work?.(() => started(performance.now()));
  const times = [];
  for (let number = -Math.ceil(WARM_PICKUPS * share); number < PICKUPS * share; number++) {
    await sleep(10);
    /** @type {Promise<number>} */
    const running = new Promise((resolve) => (started = resolve));
    const asked = await order(side, number);
    const at = await running;
    if (number >= 0) times.push(at - asked);
  }
  const sorted = times.toSorted((one, other) => one - other);
  return { p50: sorted[Math.floor(times.length * 0.5)], p99: sorted[Math.floor(times.length * 0.99)] };
}

/** Rows a second that a relay hands to Redis, of many that were recorded before it began; by when PostgreSQL has marked them. */
async function relay() {
  await openSide();
  const jobs = await openProducer(redis, { url: postgres });
  const count = Math.max(2_000, RELAYED * scale);
  for (let from = 0; from < count; from += BATCH) {
    const tx = await pool.connect();
    await tx.query('begin');
    await jobs.enqueueMany(
      Task,
      Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => payloadOf(from + at)),
      { tx },
    );
    await tx.query('commit');
    tx.release();
  }
  await openProducer(redis, { url: postgres, relay: 'everywhere' });
  const unsent = 'select count(*)::int as left from scalr_queue.outbox where sent_at is null';
  while ((await pool.query(unsent)).rows[0].left > 0) await sleep(100);
  const { rows } = await pool.query(
    'select extract(epoch from max(sent_at) - min(sent_at))::float as seconds from scalr_queue.outbox',
  );
  return { perSecond: (count - RELAY_BATCH) / rows[0].seconds };
}

/** An ordinary job, which is not recorded. @param {'enqueue-1' | 'enqueue-100'} how */
async function plainEnqueue(how) {
  if (name === 'with') await openSide('scalr-queue');
  const jobs = await openProducer(redis, name === 'with' ? { url: postgres } : undefined);
  const side = /** @type {import('../sides/side.d.mts').Side} */ ({
    enqueue: (payload) => jobs.enqueue(Task, payload),
  });
  return plainMeasures[how]({ side, filler: side, scale, storeCpu: storeCpu(redis, Number(pid)) });
}

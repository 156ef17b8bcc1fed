// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { backlogs, PAIR } from './rows.mjs';
import { runSide } from './run-side.mjs';
import { freshRedis, inRedis } from './stores.mjs';

const SCALE = 0.4;
const PER_CALL = 1_000;
const PATIENCE = 120_000;

/** What each side stores of the one job that is copied. */
const LISTS = { waiting: 'wait', delayed: 'delayed', prioritized: 'prioritized' };
const FILLS = { waiting: 'fill', delayed: 'fill-delayed', prioritized: 'fill-prioritized' };
/** What lies between the scores of two copies: a millisecond of those that are delayed, a turn of those with a priority. */
const STEPS = { waiting: 0, delayed: 0x1000, prioritized: 1 };

/**
 * Copies a job as it is stored, again and again: what a side adds itself would take minutes.
 *
 * KEYS[1] the list or sorted set; ARGV the prefix of the keys, the id, the step of scores, the first number, how many
 */
const COPY = `
local prefix, id, step, from, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local score = step > 0 and redis.call('ZSCORE', KEYS[1], id)
for number = from, from + count - 1 do
  local copy = string.sub(id, 1, -13) .. string.format('%012x', number)
  redis.call('COPY', prefix .. id, prefix .. copy)
  if score then redis.call('ZADD', KEYS[1], score + number * step, copy) else redis.call('LPUSH', KEYS[1], copy) end
end`;

/** Rows with so many jobs in the way, and with none, in alternating rounds. @param {import('./measure-all.mjs').Run} run @param {number} jobs */
export async function measureBacklogs({ results, attempts, budget, rounds, scale }, jobs) {
  results.backlog = jobs;
  const end = budget.phaseEnd;
  for (const [index, { kind, rows }] of backlogs.entries()) {
    console.log(`${jobs} jobs ${kind}`);
    const now = performance.now();
    budget.phaseEnd = now + Math.max(0, end - now) / (backlogs.length - index);
    /** @type {{ deep: import('./measure-all.mjs').Figures, none: import('./measure-all.mjs').Figures }} */
    const figures = (results.backlogs[kind] = { deep: {}, none: {} });
    const stores = new Map();
    try {
      for (const side of PAIR) {
        const store = await freshRedis();
        stores.set(side, store);
        await attempts.try(`${jobs} jobs ${kind} of ${side}`, () => fill(side, kind, store, jobs));
      }
      await budget.rounds(rounds, async (round) => {
        for (const { id: row } of rows) {
          for (const side of round % 2 === 0 ? PAIR : PAIR.toReversed()) {
            if (attempts.given.has(`${jobs} jobs ${kind} of ${side}`)) continue;
            const pair = await attempts.try(`${row} of ${side} with ${jobs} jobs ${kind}`, async () => ({
              deep: await runSide(side, row, stores.get(side), SCALE * scale),
              none: await inRedis((store) => runSide(side, row, store, SCALE * scale)),
            }));
            if (!pair) continue;
            ((figures.deep[row] ??= {})[side] ??= [])[round] = pair.deep;
            ((figures.none[row] ??= {})[side] ??= [])[round] = pair.none;
          }
        }
      });
    } finally {
      for (const store of stores.values()) await store.stop();
    }
  }
}

/** @param {string} side @param {import('./rows.mjs').Backlog['kind']} kind @param {import('./stores.mjs').Store} store @param {number} jobs */
async function fill(side, kind, store, jobs) {
  await runSide(side, FILLS[kind], store, 1);
  const redis = new Redis(store.url);
  const [list = ''] = await redis.keys(`*:bench:${LISTS[kind]}`);
  const [id = ''] = kind === 'waiting' ? await redis.lrange(list, 0, 0) : await redis.zrange(list, 0, 0);
  const prefix = list.slice(0, -LISTS[kind].length);
  if (!id) throw new Error(`${side} left no job that is ${kind}`);
  for (let from = 1; from < jobs; from += PER_CALL)
    await redis.eval(COPY, 1, list, prefix, id, ...[STEPS[kind], from, PER_CALL].map(String));
  await rewritten(redis);
  redis.disconnect();
}

/** So much at once makes Redis rewrite its file, which no row should pay for. @param {Redis} redis */
async function rewritten(redis) {
  const deadline = Date.now() + PATIENCE;
  while (/aof_rewrite_(in_progress|scheduled):1/.test(await redis.info('persistence'))) {
    if (Date.now() > deadline) throw new Error('Redis is still rewriting its file');
    await sleep(100);
  }
}

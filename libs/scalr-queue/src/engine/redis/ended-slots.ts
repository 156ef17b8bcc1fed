import { type EndedSlot, KEPT_SLOTS, SLOT_OUTCOMES } from '../schedule-records.js';
import type { RedisClient } from './connection/redis.client.js';
import { endedSlotsKey } from './keys.js';
import { readableValuesOf, valuesOf } from './pipeline-replies.js';

/** The members are the slots; each score is the slot times this, plus the place of the outcome in its list. */
const SCORE_UNIT = 8;
/** Also of a schedule that runs once a year. */
const KEPT_MS = 400 * 24 * 3_600_000;

/** Notes how slots ended, and forgets the oldest. */
export async function noteSlots(
  redis: RedisClient,
  prefix: string,
  name: string,
  slots: readonly EndedSlot[],
  onlyNew: boolean,
): Promise<void> {
  if (slots.length === 0) return;
  const key = endedSlotsKey(prefix, name);
  const members = slots.flatMap(({ slot, outcome }) => [
    String(slot * SCORE_UNIT + SLOT_OUTCOMES.indexOf(outcome)),
    String(slot),
  ]);
  const pipeline = redis.pipeline();
  if (onlyNew) pipeline.zadd(key, 'NX', ...members);
  else pipeline.zadd(key, ...members);
  pipeline.zremrangebyrank(key, 0, -KEPT_SLOTS - 1).pexpire(key, KEPT_MS);
  valuesOf(await pipeline.exec());
}

/** Of each schedule, in the order of the slots. Leaves out outcomes of a later version. */
export async function readSlots(
  redis: RedisClient,
  prefix: string,
  names: readonly string[],
): Promise<EndedSlot[][]> {
  if (names.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const name of names) pipeline.zrange(endedSlotsKey(prefix, name), '0', '-1', 'WITHSCORES');
  const replies = readableValuesOf(await pipeline.exec());
  return replies.map((reply) => {
    const scores = ((reply as string[] | undefined) ?? []).filter((_text, at) => at % 2 === 1).map(Number);
    return scores.flatMap((score) => {
      const outcome = SLOT_OUTCOMES[score % SCORE_UNIT];
      return outcome ? [{ slot: Math.floor(score / SCORE_UNIT), outcome }] : [];
    });
  });
}

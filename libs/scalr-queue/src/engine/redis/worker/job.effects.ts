import { lockKey, queueKey } from '../keys.js';
import type { EffectClaim, EffectEnd, JobEffects } from '../../job-effects.js';
import type { StoredJob } from '../../stored-job.js';
import type { RedisScript } from '../scripts/redis-script.js';
import { CLAIM_EFFECT, END_EFFECT, HOLD_EFFECT, NOTE_ITEMS } from '../scripts/worker/effect.scripts.js';
import { untilAccepted } from './until-accepted.js';
import type { WorkerParts } from './worker.parts.js';

const effectField = (key: string): string => `scalr:once:${key}`;
const itemsField = (name: string): string => `scalr:each:${name}`;

/** What is noted about a running job, as fields of its record: they are kept, moved and deleted with it. */
export class RedisJobEffects implements JobEffects {
  private readonly job: string;

  /** @param token of its lock */
  constructor(
    private readonly parts: WorkerParts,
    job: StoredJob,
    private readonly token: string | undefined,
    private readonly force: AbortSignal,
  ) {
    this.job = queueKey(parts.app.prefix, job.queueName, job.id ?? '');
  }

  async claim(key: string, token: string, lease: number): Promise<EffectClaim> {
    const reply = await this.run(CLAIM_EFFECT, true, [this.token ?? '', effectField(key), token, lease]);
    return toClaim(reply as (string | number)[]);
  }

  async renew(key: string, token: string, lease: number): Promise<void> {
    await this.run(HOLD_EFFECT, false, [effectField(key), token, lease, 0]);
  }

  async settle(key: string, token: string, end: EffectEnd): Promise<void> {
    const claim = [effectField(key), token];
    if (end.state === 'unknown') await this.run(HOLD_EFFECT, false, [...claim, 0, end.dead ? 1 : 0]);
    else await this.run(END_EFFECT, false, [...claim, storedOf(end)]);
  }

  async progressOf(name: string): Promise<string | undefined> {
    return (await this.parts.connections.worker().hget(this.job, itemsField(name))) ?? undefined;
  }

  async note(name: string, state: string, shown = ''): Promise<boolean> {
    const args = [this.token ?? '', itemsField(name), state, shown];
    // Not repeated: a later note may be stored by then.
    return (await NOTE_ITEMS.run(this.parts.connections.worker(), [this.job, lockKey(this.job)], args)) === 1;
  }

  private run(script: RedisScript, withLock: boolean, args: readonly (string | number)[]): Promise<unknown> {
    const keys = withLock ? [this.job, lockKey(this.job)] : [this.job];
    return untilAccepted(() => script.run(this.parts.connections.worker(), keys, args), this.force);
  }
}

function storedOf(end: Exclude<EffectEnd, { state: 'unknown' }>): string {
  if (end.state === 'undone') return '';
  return end.lost === undefined ? `d${end.result}` : `l${end.lost}`;
}

function toClaim([state, detail = '', more]: (string | number)[]): EffectClaim {
  switch (state) {
    case 'unknown':
      return { state, since: Number(detail), retried: more === 1 };
    case 'busy':
      return { state, left: Number(detail) };
    case 'done':
      return { state, result: String(detail) };
    case 'lost':
      return { state: 'done', result: '', lost: String(detail) };
    case 'claimed':
    case 'full':
      return { state };
    default:
      return { state: 'taken' };
  }
}

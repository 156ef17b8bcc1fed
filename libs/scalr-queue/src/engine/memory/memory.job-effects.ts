import type { Clock } from '../../config/clock.js';
import { type EffectClaim, type EffectEnd, type JobEffects, MAX_EFFECTS } from '../job-effects.js';
import type { MemoryJob } from './memory.job.js';

/** An effect of a job: what has become of it, or whose it is. */
export interface MemoryEffect {
  readonly end?: EffectEnd & { readonly state: 'done' };
  readonly token: string;
  until: number;
  readonly began: number;
  /** Since when it is unknown; 0 for one that is not. */
  readonly unknown: number;
  dead: boolean;
  retried: boolean;
}

/** By the rules of `effect.scripts.ts`; no other run can have the job. */
export class MemoryJobEffects implements JobEffects {
  constructor(
    private readonly job: MemoryJob,
    private readonly clock: Clock,
  ) {}

  async claim(key: string, token: string, lease: number): Promise<EffectClaim> {
    const { effects } = this.job;
    const now = this.clock.now();
    const former = effects.get(key);
    if (former?.end) return former.end;
    const isMine = former?.token === token;
    if (former && !isMine && former.until > now) {
      this.job.waitsFor = { key, until: former.until };
      return { state: 'busy', left: former.until - now };
    }
    if (!former && effects.size >= MAX_EFFECTS) return { state: 'full' };
    const unknown = former ? former.unknown || (isMine ? 0 : former.began) : 0;
    const retried = former?.retried === true;
    effects.set(key, { token, until: now + lease, began: now, unknown, dead: false, retried: false });
    return unknown > 0 ? { state: 'unknown', since: unknown, retried } : { state: 'claimed' };
  }

  async renew(key: string, token: string, lease: number): Promise<void> {
    const effect = this.claimOf(key, token);
    if (effect) effect.until = this.clock.now() + lease;
  }

  async settle(key: string, token: string, end: EffectEnd): Promise<void> {
    const effect = this.claimOf(key, token);
    if (!effect) return;
    if (end.state === 'done') this.job.effects.set(key, { ...effect, end });
    else if (end.state === 'undone') this.job.effects.delete(key);
    else Object.assign(effect, { until: 0, dead: end.dead });
  }

  async progressOf(name: string): Promise<string | undefined> {
    return this.job.itemStates.get(name);
  }

  async note(name: string, state: string, shown: string | undefined): Promise<boolean> {
    this.job.itemStates.set(name, state);
    if (shown) this.job.items = JSON.parse(shown) as unknown;
    return true;
  }

  private claimOf(key: string, token: string): MemoryEffect | undefined {
    const effect = this.job.effects.get(key);
    return effect?.token === token && !effect.end ? effect : undefined;
  }
}

import type { Clock } from '../../config/clock.js';
import type { LimitRule } from '../../contract/limit-rule.js';
import {
  type LimitAnswer,
  type LimitCall,
  type LimitState,
  type LimitStore,
  SHOWN_WAITERS,
} from '../shared.engine.js';
import { MemoryBreaker } from './memory.breaker.js';

/** How long, in milliseconds, who waits is shown beyond the time at which it asks again. */
const WAITER_MARGIN = 10_000;

interface Count {
  /** Of a bucket: tokens, and when there were so many. */
  level?: { tokens: number; at: number };
  /** Of a window: what was granted, oldest first. */
  grants: { at: number; cost: number }[];
  /** Of a concurrent limiter: the ends of the leases. */
  readonly places: Map<string, number>;
  readonly waiters: Map<string, number>;
  readonly breaker: MemoryBreaker;
}

interface Taken {
  readonly granted: boolean;
  readonly left: number;
  readonly resetIn: number;
}

/** Limiters in the memory of the process, by the clock of the test. */
export class MemoryLimits implements LimitStore {
  private readonly rules = new Map<string, LimitRule>();
  private readonly counts = new Map<string, Count>();

  /** @param check throws where the queue does not work */
  constructor(
    private readonly clock: Clock,
    private readonly check: () => void,
  ) {}

  async take(call: LimitCall): Promise<LimitAnswer> {
    this.check();
    const count = this.countOf(call.name, call.key);
    const { waiters, breaker } = count;
    const [now, waiting] = [this.clock.now(), this.waitersOf(count).length];
    const openFor = call.breaker ? breaker.openFor(now) : 0;
    if (openFor > 0)
      return { granted: false, open: true, trial: false, left: 0, resetIn: openFor, waiting: 0 };
    const taken = this.takeOf(count, call, now);
    if (taken.granted) waiters.delete(call.who);
    else if (call.who !== '') waiters.set(call.who, now + taken.resetIn + WAITER_MARGIN);
    const trial =
      taken.granted && call.cost > 0 && call.breaker !== undefined && breaker.tries(now, call.breaker);
    return { ...taken, open: false, trial, waiting: taken.granted ? 0 : waiting };
  }

  async renew({ name, key, rule, token }: LimitCall): Promise<boolean> {
    this.check();
    const { places } = this.countOf(name, key);
    const now = this.clock.now();
    const own = [...places].filter(([place]) => isOf(place, token));
    if (own.length === 0 || own.some(([, ends]) => ends <= now)) return false;
    for (const [place] of own) places.set(place, now + leaseOf(rule));
    return true;
  }

  async release({ name, key, token }: LimitCall): Promise<void> {
    this.check();
    const { places } = this.countOf(name, key);
    for (const place of places.keys()) if (isOf(place, token)) places.delete(place);
  }

  async ended({ name, key, breaker }: LimitCall, failed: boolean): Promise<void> {
    this.check();
    if (breaker) this.countOf(name, key).breaker.ended(this.clock.now(), breaker, failed);
  }

  async declare(name: string, rule: LimitRule): Promise<void> {
    this.check();
    this.rules.set(name, rule);
  }

  async list(): Promise<LimitState[]> {
    this.check();
    const now = this.clock.now();
    return [...this.rules].flatMap(([name, rule]) => {
      const keys = [...this.counts.keys()].filter((place) => place.startsWith(`${name}:`));
      const own = keys.map((place) => place.slice(name.length + 1)).filter((key) => key !== '');
      const awaited = own.filter((key) => this.waitersOf(this.countOf(name, key)).length > 0);
      return ['', ...awaited].map((key) => {
        const count = this.countOf(name, key);
        const waiters = this.waitersOf(count);
        const { left, resetIn } = this.takeOf(count, { rule, cost: 0, token: '' }, now);
        return {
          name,
          key,
          rule,
          left,
          resetIn,
          waiting: waiters.length,
          waiters: waiters.slice(0, SHOWN_WAITERS),
        };
      });
    });
  }

  private takeOf(count: Count, call: Pick<LimitCall, 'rule' | 'cost' | 'token'>, now: number): Taken {
    const { rule, token } = call;
    // A look asks for one, and takes none.
    const looks = call.cost === 0;
    const cost = Math.max(1, call.cost);
    if (rule.kind === 'bucket') {
      const { tokens, at } = count.level ?? { tokens: rule.capacity, at: now };
      const level = Math.min(rule.capacity, tokens + ((now - at) * rule.refill) / rule.per);
      const isEnough = level >= cost - 1e-9;
      if (isEnough && !looks) count.level = { tokens: level - cost, at: now };
      const left = Math.floor(level - (isEnough && !looks ? cost : 0) + 1e-9);
      const resetIn = isEnough ? 0 : Math.ceil(((cost - level) * rule.per) / rule.refill - 1e-6);
      return { granted: isEnough, left, resetIn };
    }
    if (rule.kind === 'window') {
      count.grants = count.grants.filter(({ at }) => at > now - rule.per);
      const used = count.grants.reduce((sum, grant) => sum + grant.cost, 0);
      if (used + cost <= rule.max) {
        if (!looks) count.grants.push({ at: now, cost });
        return { granted: true, left: rule.max - used - (looks ? 0 : cost), resetIn: 0 };
      }
      let over = used + cost - rule.max;
      const last = count.grants.find((grant) => (over -= grant.cost) <= 0);
      return { granted: false, left: rule.max - used, resetIn: (last?.at ?? now) + rule.per - now };
    }
    for (const [place, ends] of count.places) if (ends <= now) count.places.delete(place);
    if (count.places.size + cost <= rule.max) {
      for (let place = 0; place < call.cost; place++) count.places.set(`${token}#${place}`, now + rule.lease);
      return { granted: true, left: rule.max - count.places.size, resetIn: 0 };
    }
    const resetIn = Math.min(...count.places.values()) - now;
    return { granted: false, left: rule.max - count.places.size, resetIn };
  }

  private waitersOf({ waiters }: Count): string[] {
    const now = this.clock.now();
    for (const [who, until] of waiters) if (until <= now) waiters.delete(who);
    return [...waiters.keys()];
  }

  private countOf(name: string, key: string): Count {
    const place = `${name}:${key}`;
    let count = this.counts.get(place);
    if (!count) {
      count = { grants: [], places: new Map(), waiters: new Map(), breaker: new MemoryBreaker() };
      this.counts.set(place, count);
    }
    return count;
  }
}

const isOf = (place: string, token: string): boolean => place.startsWith(`${token}#`);
const leaseOf = (rule: LimitRule): number => (rule.kind === 'concurrent' ? rule.lease : 0);

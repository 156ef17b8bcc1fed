import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { LimitRule } from '../../contract/limit-rule.js';
import {
  type LimitAnswer,
  type LimitCall,
  type LimitState,
  type LimitStore,
  SHOWN_WAITERS,
} from '../shared.engine.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { awaitedKey, breakerKey, limitersKey, limitKey, limitWaitsKey } from './keys.js';
import { valuesOf } from './pipeline-replies.js';
import { RedisScript } from './scripts/redis-script.js';
import { NOTE_END, RELEASE_PLACES, RENEW_PLACES, TAKE } from './scripts/shared/limit.scripts.js';

const take = new RedisScript('scalrTake', TAKE);
const renewPlaces = new RedisScript('scalrRenewPlaces', RENEW_PLACES);
const releasePlaces = new RedisScript('scalrReleasePlaces', RELEASE_PLACES);
const noteEnd = new RedisScript('scalrNoteEnd', NOTE_END);

/** How long, in milliseconds, a limiter is listed after it was declared last. */
const KEEP_DECLARED = 30 * 24 * 3_600_000;
/** Counts with waiters that are listed. */
const MOST_LISTED = 1_000;

const micros = (ms: number): number => ms * 1_000;
const millis = (us: number): number => Math.ceil(us / 1_000);

/** Limiters in Redis: each call is one script on keys of the app's slot. */
export class RedisLimits implements LimitStore {
  constructor(
    private readonly connections: RedisConnections,
    private readonly app: Pick<ResolvedOptions, 'prefix'>,
  ) {}

  async take(call: LimitCall): Promise<LimitAnswer> {
    const { rule, cost, token, who, breaker } = call;
    const reply = await take.run(this.connections.producer, this.keysOf(call), [
      rule.kind,
      rule.kind === 'bucket' ? rule.capacity : rule.max,
      micros(rule.kind === 'concurrent' ? rule.lease : rule.per),
      rule.kind === 'bucket' ? rule.refill : 0,
      cost,
      token,
      who,
      JSON.stringify([call.name, call.key]),
      micros(breaker?.open ?? 0),
    ]);
    const [granted, left, reset, waiting, breaks] = reply as [number, number, number, number, number];
    return {
      granted: granted === 1,
      open: breaks === 1,
      trial: breaks === 2,
      left,
      resetIn: millis(reset),
      waiting,
    };
  }

  async renew({ name, key, rule, cost, token }: LimitCall): Promise<boolean> {
    const lease = rule.kind === 'concurrent' ? rule.lease : 0;
    const keys = [limitKey(this.app.prefix, name, key)];
    return (await renewPlaces.run(this.connections.producer, keys, [token, cost, micros(lease)])) === 1;
  }

  async release({ name, key, cost, token }: LimitCall): Promise<void> {
    await releasePlaces.run(this.connections.producer, [limitKey(this.app.prefix, name, key)], [token, cost]);
  }

  async ended({ name, key, breaker }: LimitCall, failed: boolean): Promise<void> {
    if (!breaker) return;
    const args = [failed ? 1 : 0, breaker.failures, micros(breaker.per), micros(breaker.open)];
    await noteEnd.run(this.connections.producer, [breakerKey(this.app.prefix, name, key)], args);
  }

  async declare(name: string, rule: LimitRule): Promise<void> {
    const key = limitersKey(this.app.prefix);
    const pipeline = this.connections.producer.pipeline();
    pipeline.hset(key, name, JSON.stringify(rule)).pexpire(key, KEEP_DECLARED);
    valuesOf(await pipeline.exec());
  }

  async list(): Promise<LimitState[]> {
    const { producer } = this.connections;
    const { prefix } = this.app;
    const pipeline = producer.pipeline();
    pipeline.hgetall(limitersKey(prefix)).zrange(awaitedKey(prefix), '0', String(MOST_LISTED - 1));
    const [declared, awaited] = valuesOf(await pipeline.exec()) as [Record<string, string>, string[]];
    const rules = new Map(
      Object.entries(declared).map(([name, text]) => [name, JSON.parse(text) as LimitRule]),
    );
    const places = [...rules.keys()].map((name): [string, string] => [name, '']);
    for (const place of awaited) {
      const [name, key] = JSON.parse(place) as [string, string];
      if (key !== '' && rules.has(name)) places.push([name, key]);
    }
    return Promise.all(places.map(([name, key]) => this.stateOf(name, key, rules.get(name)!)));
  }

  private async stateOf(name: string, key: string, rule: LimitRule): Promise<LimitState> {
    const waits = limitWaitsKey(this.app.prefix, name, key);
    // A look for one takes nothing, and tells when there is one.
    const [answer, now] = await Promise.all([
      this.take({ name, key, rule, cost: 0, token: '', who: '' }),
      this.connections.producer.time(),
    ]);
    const since = Number(now[0]) * 1_000_000 + Number(now[1]);
    const waiters = await this.connections.producer.zrangebyscore(waits, String(since), '+inf');
    return {
      name,
      key,
      rule,
      left: answer.left,
      resetIn: answer.resetIn,
      waiting: waiters.length,
      waiters: waiters.slice(0, SHOWN_WAITERS),
    };
  }

  private keysOf({ name, key }: LimitCall): string[] {
    const { prefix } = this.app;
    return [
      limitKey(prefix, name, key),
      limitWaitsKey(prefix, name, key),
      awaitedKey(prefix),
      breakerKey(prefix, name, key),
    ];
  }
}

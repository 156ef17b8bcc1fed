import { keepRulesKey } from './keys.js';
import { ANNOUNCE_RULES } from './scripts/announce-rules.script.js';
import { Inject, Injectable } from '@nestjs/common';
import { RedisConnections } from './connection/redis.connections.js';
import type { KeepRules } from '../finished-jobs.js';
import { type KeepLimits, type KeepRule, longer } from '../keep-rule.js';
import { WORKER_HEARTBEAT, WORKER_TTL } from '../../contract/defaults.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';

interface Noted {
  readonly field: string;
  readonly at: number;
  readonly rule: KeepRule;
}

/** A goodbye leaves other workers with the same rule the time to say that they hold it too. */
const GOODBYE = WORKER_HEARTBEAT + 1_000 - WORKER_TTL;
const FORGET_AFTER = 24 * 3_600_000;

/**
 * What the workers of the app keep of each definition. Every rule is noted with the time when a worker last had it: while workers
 * with different ones live, the longer counts; when none lives, the last.
 */
@Injectable()
export class KeepRuleStore {
  private readonly key: string;

  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) { prefix }: ResolvedOptions,
  ) {
    this.key = keepRulesKey(prefix);
  }

  async announce(rules: KeepRules, leaving = false): Promise<void> {
    if (rules.size === 0) return;
    const fields = [...rules].map(([name, rule]) => `${name} ${textOf(rule)}`);
    await this.connections.producer.eval(ANNOUNCE_RULES, 1, this.key, leaving ? GOODBYE : 0, ...fields);
  }

  /** The rules that hold, and whether workers differ about one of them. */
  async read(): Promise<{ rules: KeepRules; differ: boolean }> {
    const redis = this.connections.producer;
    const [stored, [seconds]] = await Promise.all([redis.hgetall(this.key), redis.time()]);
    const now = Number(seconds) * 1_000;
    const rules = new Map<string, KeepRule>();
    const outdated: string[] = [];
    let differ = false;
    for (const [name, noted] of byName(stored)) {
      const newest = Math.max(...noted.map(({ at }) => at));
      const holding = noted.filter(({ at }) => at === newest || at > now - WORKER_TTL);
      if (holding.length > 1) differ = true;
      rules.set(name, holding.map(({ rule }) => rule).reduce(longer));
      for (const { field, at } of noted) if (at !== newest && at < now - FORGET_AFTER) outdated.push(field);
    }
    if (outdated.length > 0) redis.hdel(this.key, ...outdated).catch(() => undefined);
    return { rules, differ };
  }
}

function byName(stored: Record<string, string>): Map<string, Noted[]> {
  const names = new Map<string, Noted[]>();
  for (const [field, at] of Object.entries(stored)) {
    const { name, rule } = parse(field);
    const noted = names.get(name) ?? [];
    noted.push({ field, at: Number(at) || 0, rule });
    names.set(name, noted);
  }
  return names;
}

const textOf = ({ completed, dead }: KeepRule): string =>
  [completed.age, completed.count, dead.age, dead.count].join(',');

function parse(field: string): { name: string; rule: KeepRule } {
  const [name = '', text = ''] = field.split(' ');
  const [completedAge, completedCount, deadAge, deadCount] = text.split(',').map(limitOf);
  const limits = (age = Infinity, count = Infinity): KeepLimits => ({ age, count });
  return {
    name,
    rule: { completed: limits(completedAge, completedCount), dead: limits(deadAge, deadCount) },
  };
}

/** What cannot be read is no limit: better too much kept than too little. */
function limitOf(text: string): number {
  const limit = Number(text);
  return text !== '' && limit >= 0 ? limit : Infinity;
}

import * as defaults from '../contract/defaults.js';
import { parseDuration } from '../contract/duration.js';
import type { KeepOptions } from '../contract/job-settings.js';

/** How many finished jobs of one kind are kept, and for how many milliseconds: whichever limit is reached first. */
export interface KeepLimits {
  readonly age: number;
  readonly count: number;
}

/** What `keep` of a definition says, with the defaults filled in. */
export interface KeepRule {
  readonly completed: KeepLimits;
  readonly dead: KeepLimits;
}

/** The same in the words of the engine: how a job carries its rule. Ages are seconds. */
export interface EngineKeep {
  readonly age?: number;
  readonly count?: number;
}

export const FOR_EVER: KeepLimits = { age: Infinity, count: Infinity };

/** What holds for a definition: its own settings, then those of the app, then the defaults. */
export function keepRuleOf(own: KeepOptions | undefined, app: KeepOptions | undefined): KeepRule {
  const { completed, dead } = { ...app, ...own };
  return {
    completed: {
      age: parseDuration(completed?.age) ?? defaults.DEFAULT_KEEP_COMPLETED_AGE,
      count: completed?.count ?? defaults.DEFAULT_KEEP_COMPLETED_COUNT,
    },
    dead: {
      age: parseDuration(dead?.age) ?? defaults.DEFAULT_KEEP_DEAD_AGE,
      count: dead?.count ?? defaults.DEFAULT_KEEP_DEAD_COUNT,
    },
  };
}

/** How a job carries its limits. */
export function toEngineKeep({ age, count }: KeepLimits): Required<EngineKeep> {
  return { age: Math.ceil(age / 1_000), count };
}

/** The reverse, for everything that the engine takes; undefined where a job says nothing. */
export function fromEngineKeep(value: unknown): KeepLimits | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === true) return { age: Infinity, count: 0 };
  if (typeof value === 'number') return { age: Infinity, count: countOf(value) };
  if (typeof value !== 'object') return FOR_EVER;
  const { age, count } = value as { age?: unknown; count?: unknown };
  return {
    age: typeof age === 'number' ? age * 1_000 : Infinity,
    count: typeof count === 'number' ? countOf(count) : Infinity,
  };
}

/** What two processes of an app say together, in a rolling deploy: neither shortens what the other keeps. */
export function longer(one: KeepRule, other: KeepRule): KeepRule {
  return {
    completed: longerLimits(one.completed, other.completed),
    dead: longerLimits(one.dead, other.dead),
  };
}

function longerLimits(one: KeepLimits, other: KeepLimits): KeepLimits {
  return { age: Math.max(one.age, other.age), count: Math.max(one.count, other.count) };
}

/** To the engine a negative count is no limit. */
const countOf = (count: number): number => (count < 0 ? Infinity : count);

/** The name under which a worker announces what it keeps of the jobs in a queue that this library did not enqueue. */
export const foreignRule = (queue: string): string => `*${queue}`;

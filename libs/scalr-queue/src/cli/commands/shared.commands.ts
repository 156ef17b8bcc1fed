import type { Command } from 'commander';
import { mostOf } from '../../contract/limit-rule.js';
import type { LimitState, LockState } from '../../engine/shared.engine.js';
import { SharedRedis } from '../../shared/shared.redis.js';
import type { Cli } from '../cli.js';
import { allApps, type WhichApps, withApps } from '../several-apps.js';
import type { Column } from '../output/table.js';
import { formatDuration } from '../output/units.js';

/** Of those that wait, named in a table. */
const NAMED = 3;

const LIMITS: readonly Column<LimitState>[] = [
  { title: 'limiter', of: ({ name }) => name },
  { title: 'key', of: ({ key }) => key || undefined },
  { title: 'allows', of: allows },
  { title: 'left', of: leftOf },
  { title: 'waiting', of: ({ waiting }) => waiting },
  { title: 'who waits', of: ({ waiters }) => first(waiters) },
];

const LOCKS: readonly Column<LockState>[] = [
  { title: 'lock', of: ({ name }) => name },
  { title: 'holder', of: ({ holder }) => holder },
  { title: 'fence', of: ({ fence }) => String(fence) },
  { title: 'held for', of: ({ heldFor }) => formatDuration(heldFor) },
  { title: 'lease ends', of: ({ expiresIn }) => `in ${formatDuration(expiresIn)}` },
  { title: 'waiting', of: ({ waiters }) => waiters.length },
  { title: 'who waits', of: ({ waiters }) => first(waiters) },
];

/** `scalr-queue limits` and `scalr-queue locks` */
export function registerShared(program: Command, cli: Cli): void {
  program
    .command('limits')
    .description('limiters of SharedRedis, and who waits for them')
    .addOption(allApps())
    .action((which: WhichApps) =>
      withApps(cli, which, async (app, out) =>
        out.list({
          rows: await app.get(SharedRedis).limits(),
          columns: LIMITS,
          none: 'no limiter: none was used in the last month',
        }),
      ),
    );
  program
    .command('locks')
    .description('locks of SharedRedis and leaders, who holds them and who waits for them')
    .addOption(allApps())
    .action((which: WhichApps) =>
      withApps(cli, which, async (app, out) =>
        out.list({ rows: await app.get(SharedRedis).locks(), columns: LOCKS, none: 'no lock is held' }),
      ),
    );
}

function allows({ rule }: LimitState): string {
  if (rule.kind === 'concurrent') return `${rule.max} at a time`;
  if (rule.kind === 'window') return `${rule.max} in ${formatDuration(rule.per)}`;
  return `${rule.capacity}, then ${rule.refill} in ${formatDuration(rule.per)}`;
}

function leftOf({ left, rule }: LimitState) {
  const text = `${left} of ${mostOf(rule)}`;
  return left === 0 ? ({ value: text, tone: 'warn' } as const) : text;
}

function first(waiters: readonly string[]): string | undefined {
  if (waiters.length === 0) return undefined;
  const rest = waiters.length > NAMED ? ', …' : '';
  return waiters.slice(0, NAMED).join(', ') + rest;
}

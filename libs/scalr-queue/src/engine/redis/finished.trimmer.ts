import { Inject, Injectable } from '@nestjs/common';
import { QueueRegistry } from './queue.registry.js';
import { RedisConnections } from './connection/redis.connections.js';
import { nameOfStoredId } from '../job-id.js';
import type { FinishedState, KeepRules, Trimmed } from '../finished-jobs.js';
import { foreignRule, fromEngineKeep, type KeepLimits, keepRuleOf } from '../keep-rule.js';
import { RESULT_GRACE } from '../../contract/defaults.js';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../config/tokens.js';
import { REMOVE_FINISHED } from './scripts/remove-finished.script.js';

interface Tally {
  readonly limits: KeepLimits;
  /** Milliseconds for which a job stays that is one too many. */
  readonly grace: number;
  seen: number;
}

interface Finished {
  readonly id: string;
  readonly endedAt: number;
}

/** Few enough that no other app waits for the script. */
const REMOVE_SLICE = 50;
const READ_SLICE = 1_000;
/** Jobs of a definition that may be more than its count for the grace. */
const MOST_IN_GRACE = 10_000;
/** Jobs that this library did not enqueue, all together. */
const FOREIGN = '';

/**
 * Removes finished jobs that are not to be kept any more: those of each definition by its own rule. It goes through them from the
 * newest to the oldest, in slices.
 */
@Injectable()
export class FinishedTrimmer {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    @Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions,
  ) {}

  async trim(queue: string, state: FinishedState, rules: KeepRules): Promise<Trimmed> {
    const tallies = new Map<string, Tally>();
    let outdated: Finished[] = [];
    let [kept, nextAt] = [0, Infinity];
    for await (const job of this.newestFirst(queue, state)) {
      const name = nameOfStoredId(job.id) ?? FOREIGN;
      let tally = tallies.get(name);
      if (!tally) {
        const grace = state === 'completed' && name !== FOREIGN ? RESULT_GRACE : 0;
        tally = { limits: await this.limitsOf(name, queue, state, job.id, rules), grace, seen: 0 };
        tallies.set(name, tally);
      }
      const until = keptUntil(job, tally);
      if (until > this.app.clock.now()) {
        kept++;
        nextAt = Math.min(nextAt, until);
        continue;
      }
      outdated.push(job);
      if (outdated.length < REMOVE_SLICE) continue;
      await this.remove(queue, state, outdated);
      outdated = [];
    }
    if (outdated.length > 0) await this.remove(queue, state, outdated);
    return { kept, nextAt };
  }

  /** Those that end meanwhile are left for the next time; what is removed meanwhile does not move the others. */
  private async *newestFirst(queue: string, state: FinishedState): AsyncGenerator<Finished> {
    const key = this.queues.get(queue).toKey(state);
    let last = '+inf';
    let seenAtLast = new Set<string>();
    for (;;) {
      const most = READ_SLICE + seenAtLast.size;
      const page = await this.connections.producer.zrevrangebyscore(
        key, last, '-inf', 'WITHSCORES', 'LIMIT', 0, most,
      ); // prettier-ignore
      for (let at = 0; at < page.length; at += 2) {
        const [id, score] = [page[at]!, page[at + 1]!];
        if (score !== last) {
          last = score;
          seenAtLast = new Set();
        } else if (seenAtLast.has(id)) continue;
        seenAtLast.add(id);
        yield { id, endedAt: Number(score) };
      }
      if (page.length < 2 * most) return;
    }
  }

  /** What the workers say; of a name that none has told, what its newest job was enqueued with. */
  private async limitsOf(
    name: string,
    queue: string,
    state: FinishedState,
    newest: string,
    rules: KeepRules,
  ): Promise<KeepLimits> {
    const rule = rules.get(name === FOREIGN ? foreignRule(queue) : name);
    if (rule && name !== FOREIGN) return limitsIn(rule, state);
    const stored = await this.connections.producer.hget(this.queues.get(queue).toKey(newest), 'opts');
    const carried = fromEngineKeep(
      readOptions(stored)[state === 'completed' ? 'removeOnComplete' : 'removeOnFail'],
    );
    if (carried) return carried;
    if (rule) return limitsIn(rule, state);
    if (name === FOREIGN) return { age: Infinity, count: Infinity };
    return limitsIn(keepRuleOf(undefined, this.app.defaults.keep), state);
  }

  private async remove(queue: string, state: FinishedState, jobs: readonly Finished[]): Promise<void> {
    const engineQueue = this.queues.get(queue);
    const children = (await this.connections.producer.eval(
      REMOVE_FINISHED,
      1,
      engineQueue.toKey(state),
      engineQueue.toKey(''),
      ...jobs.flatMap(({ id, endedAt }) => [id, endedAt]),
    )) as string[];
    for (const id of children) await engineQueue.remove(id);
  }
}

/** The next of its definition, newest first. One that has just completed stays for a moment: somebody may wait for its result. */
function keptUntil({ endedAt }: Finished, tally: Tally): number {
  const { limits, grace } = tally;
  const place = tally.seen++;
  if (place < limits.count) return endedAt + limits.age;
  return place < limits.count + MOST_IN_GRACE ? endedAt + Math.min(limits.age, grace) : -Infinity;
}

const limitsIn = ({ completed, dead }: { completed: KeepLimits; dead: KeepLimits }, state: FinishedState) =>
  state === 'completed' ? completed : dead;

function readOptions(text: string | null): Record<string, unknown> {
  try {
    const options: unknown = JSON.parse(text ?? '{}');
    return typeof options === 'object' && options !== null ? (options as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

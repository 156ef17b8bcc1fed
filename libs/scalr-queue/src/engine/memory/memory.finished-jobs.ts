import { RESULT_GRACE } from '../../contract/defaults.js';
import type { FinishedJobs, FinishedState, KeepRules, Trimmed } from '../finished-jobs.js';
import { foreignRule } from '../keep-rule.js';
import type { MemoryQueues } from './memory.queues.js';

/** How long finished jobs are kept, by the rules of the one process that there is. */
export class MemoryFinishedJobs implements FinishedJobs {
  private held: KeepRules = new Map();
  private readonly leases = new Map<string, number>();

  constructor(private readonly memory: MemoryQueues) {}

  async announce(rules: KeepRules): Promise<void> {
    this.held = new Map([...this.held, ...rules]);
  }

  async rules(): Promise<{ rules: KeepRules; differ: boolean }> {
    return { rules: this.held, differ: false };
  }

  async count(queue: string, state: FinishedState): Promise<number> {
    return this.memory.get(queue).in(state).length;
  }

  async lease(queue: string, state: FinishedState, ms: number) {
    const { clock } = this.memory;
    const key = `${queue} ${state}`;
    if ((this.leases.get(key) ?? -Infinity) > clock.now()) return undefined;
    this.leases.set(key, clock.now() + ms);
    return async (after: number): Promise<void> => void this.leases.set(key, clock.now() + after);
  }

  async trim(queueName: string, state: FinishedState, rules: KeepRules): Promise<Trimmed> {
    const queue = this.memory.get(queueName);
    const now = this.memory.clock.now();
    const seen = new Map<string, number>();
    let [kept, nextAt] = [0, Infinity];
    const newestFirst = queue
      .in(state)
      .toSorted((a, b) => b.finishedOn! - a.finishedOn! || b.order - a.order);
    for (const { id, name, finishedOn = 0 } of newestFirst) {
      const place = seen.get(name) ?? 0;
      seen.set(name, place + 1);
      const rule = rules.get(name) ?? rules.get(foreignRule(queueName));
      const { age, count } = rule?.[state === 'completed' ? 'completed' : 'dead'] ?? {
        age: Infinity,
        count: Infinity,
      };
      // One that has just completed stays for a moment: somebody may wait for its result.
      const grace = state === 'completed' ? RESULT_GRACE : 0;
      const until = finishedOn + (place < count ? age : Math.min(age, grace));
      if (until <= now) queue.remove(id);
      else {
        kept++;
        nextAt = Math.min(nextAt, until);
      }
    }
    return { kept, nextAt };
  }
}

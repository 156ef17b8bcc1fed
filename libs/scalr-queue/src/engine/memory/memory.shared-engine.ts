import type { Clock } from '../../config/clock.js';
import { QueueUnavailableError } from '../../contract/errors/enqueue.errors.js';
import { SharedEngine } from '../shared.engine.js';
import { MemoryCastStream } from './memory.cast-stream.js';
import { MemoryLimits } from './memory.limits.js';
import { MemoryLocks } from './memory.locks.js';

/** Limiters, locks and casts in the memory of the process, for tests: by the clock of the test, with its faults. */
export class MemorySharedEngine extends SharedEngine {
  readonly limits: MemoryLimits;
  readonly locks: MemoryLocks;
  readonly casts: MemoryCastStream;

  /** @param memory the queues of the same process, whose clock and faults count here too */
  constructor(memory: { readonly clock: Clock; readonly works: boolean }) {
    super();
    const check = () => {
      if (!memory.works) throw new QueueUnavailableError('Redis is not reachable (simulated by the test)');
    };
    this.limits = new MemoryLimits(memory.clock, check);
    this.locks = new MemoryLocks(memory.clock, check);
    this.casts = new MemoryCastStream(check);
  }
}

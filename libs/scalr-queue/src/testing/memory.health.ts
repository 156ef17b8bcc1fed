import type { QueueEngine } from '../engine/queue.engine.js';

/** Whether the queue answers. */
export class MemoryProbe {
  constructor(private readonly engine: QueueEngine) {}

  async answers(): Promise<boolean> {
    return this.engine.ready;
  }
}

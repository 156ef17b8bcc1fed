import { setTimeout as pause } from 'node:timers/promises';

/**
 * Enqueues without end and records what it was told: `ack`, `unknown` or `refused`. An unknown outcome is asked again with
 * the same id until it is known, as the library tells its callers to. `counted`: every call is recorded when it begins and
 * when it has settled.
 */
export class Load {
  constructor(queue, definition, { rate = 100, lanes = 4, payload = {}, counted = false }, record) {
    Object.assign(this, { queue, definition, rate, lanes, payload, counted, record });
    this.longest = 0;
    this.calls = 0;
    this.counts = { acknowledged: 0, unknown: 0, refused: 0 };
  }

  start() {
    this.running = true;
    this.ended = Promise.all(Array.from({ length: this.lanes }, () => this.lane()));
  }

  async stop() {
    this.running = false;
    await this.ended;
    return { ...this.counts, longest: Math.round(this.longest) };
  }

  async lane() {
    const interval = (1_000 * this.lanes) / this.rate;
    let next = performance.now();
    while (this.running) {
      await this.insist();
      next = Math.max(next + interval, performance.now());
      await pause(next - performance.now());
    }
  }

  async insist() {
    let id;
    for (;;) {
      const outcome = await this.once(id);
      if (outcome.code !== 'OUTCOME_UNKNOWN') {
        if (outcome.acknowledged) return;
        await pause(20);
        // Nothing was enqueued by this call; one before it may have: keep the id until that is known.
        if (id === undefined) return;
        continue;
      }
      id = outcome.id;
      if (!this.running) return;
    }
  }

  async once(id) {
    const begin = performance.now();
    const call = ++this.calls;
    if (this.counted) this.record('call', call);
    const outcome = await this.queue.enqueue(this.definition, this.payload, id ? { id } : {}).then(
      (job) => ({ acknowledged: true, id: job.id }),
      ({ code, name, jobId }) => ({ code: code ?? name, id: jobId ?? id }),
    );
    this.longest = Math.max(this.longest, performance.now() - begin);
    if (outcome.acknowledged) this.counts.acknowledged++;
    else if (outcome.code === 'OUTCOME_UNKNOWN') this.counts.unknown++;
    else this.counts.refused++;
    if (this.counted) this.record('told', call);
    this.record(
      outcome.acknowledged ? 'ack' : outcome.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'refused',
      outcome.id ?? '-',
    );
    return outcome;
  }
}

import type { WorkerCounts, WorkerInfo } from '../../contract/worker-info.js';

/** What happens in a queue, a second. */
export interface Rates {
  readonly completed: number;
  readonly dead: number;
  readonly retried: number;
}

/** A part of a worker's life, and what it did until then. */
interface Span {
  /** Whether it began with the worker. */
  readonly sinceStart: boolean;
  readonly from: { readonly at: number; readonly counts: readonly WorkerCounts[] };
  readonly to: { readonly at: number; readonly counts: readonly WorkerCounts[] };
}

/** A heartbeat that comes sooner after another one says too little of a rate, in milliseconds. */
const SHORTEST = 1_000;

/**
 * Works out rates from what the workers count themselves: of each one between its last two heartbeats, as soon as two were seen,
 * before that since its start. Both times are of the worker's own clock.
 */
export class RateMeter {
  private spans: ReadonlyMap<string, Span> = new Map();

  /** Whether all rates are still averages over the lives of the workers. */
  get sinceStart(): boolean {
    return this.spans.size > 0 && [...this.spans.values()].every(({ sinceStart }) => sinceStart);
  }

  /** Whether a worker was not seen long enough for a rate of its own yet. */
  get unsettled(): boolean {
    return [...this.spans.values()].some(({ sinceStart }) => sinceStart);
  }

  /** Takes the workers as they are now. */
  see(workers: readonly WorkerInfo[]): void {
    this.spans = new Map(workers.map((worker) => [worker.id, nextSpan(this.spans.get(worker.id), worker)]));
  }

  /** By queue, of all workers that take its jobs; none of a queue without workers. */
  rates(workers: readonly WorkerInfo[]): ReadonlyMap<string, Rates> {
    const rates = new Map<string, Rates>();
    for (const { id, queues } of workers) {
      const span = this.spans.get(id);
      if (!span) continue;
      for (const queue of queues) rates.set(queue, sum(rates.get(queue), rateOf(span, queue)));
    }
    return rates;
  }
}

function nextSpan(before: Span | undefined, { startedAt, seenAt, counts }: WorkerInfo): Span {
  const to = { at: seenAt.getTime(), counts };
  if (!before) return { sinceStart: true, from: { at: startedAt.getTime(), counts: [] }, to };
  const since = to.at - before.to.at;
  if (since === 0) return before;
  // Its clock was set back: begin again.
  if (since < 0) return { sinceStart: false, from: to, to };
  return since < SHORTEST ? { ...before, to } : { sinceStart: false, from: before.to, to };
}

function rateOf({ from, to }: Span, queue: string): Rates {
  const [was, is] = [from.counts, to.counts].map((counts) => counts.find((entry) => entry.queue === queue));
  const seconds = (to.at - from.at) / 1_000;
  const rate = (name: keyof Rates) =>
    seconds > 0 ? Math.max(0, (is?.[name] ?? 0) - (was?.[name] ?? 0)) / seconds : 0;
  return { completed: rate('completed'), dead: rate('dead'), retried: rate('retried') };
}

function sum(one: Rates | undefined, other: Rates): Rates {
  if (!one) return other;
  return {
    completed: one.completed + other.completed,
    dead: one.dead + other.dead,
    retried: one.retried + other.retried,
  };
}

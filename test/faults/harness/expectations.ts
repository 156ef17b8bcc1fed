import { eventually } from '../../support/eventually.js';
import type { CallOutcome, ProducerProcess } from './producer.process.js';
import { SLACK } from './row.js';
import type { Stage } from './stage.js';
import type { WorkerProcess } from './worker.process.js';

/** Milliseconds until it holds, at most the limit and its slack. */
export async function within(limit: number, what: () => unknown): Promise<number> {
  const begin = Date.now();
  await eventually(what, { timeout: limit * SLACK });
  return Date.now() - begin;
}

/** The call was refused, with that code, within that time. */
export function expectRefused({ code, ms, message }: CallOutcome, wanted: string, limit: number): void {
  expect(code, `refused with: ${message}`).toBe(wanted);
  expect(ms, `time until ${wanted}`).toBeLessThanOrEqual(limit * SLACK);
}

/** The first call that Redis leaves in doubt: the fault may need a moment to take hold. */
export async function inDoubt(producer: ProducerProcess): Promise<CallOutcome> {
  const unsure = await eventually(async () => {
    const outcome = await producer.enqueue();
    expect(outcome.code).toBeDefined();
    return outcome;
  });
  expectRefused(unsure, 'OUTCOME_UNKNOWN', 1_100);
  return unsure;
}

/** Milliseconds until the producer can enqueue again. */
export function heals(producer: ProducerProcess, limit: number): Promise<number> {
  return within(limit, async () => expect((await producer.enqueue()).code).toBeUndefined());
}

/** Enqueues one job that a row then follows. */
export async function enqueued(
  producer: ProducerProcess,
  payload: object = {},
  options?: object,
): Promise<string> {
  const call = async () => {
    const outcome = await producer.enqueue({ payload, options });
    expect(outcome.code, `refused with: ${outcome.message}`).toBeUndefined();
    return outcome.id!;
  };
  // A process that still connects, on a busy machine, refuses and says that nothing was enqueued.
  const first = producer.ledger.acknowledged().size === 0;
  return eventually(call, { timeout: first ? 10_000 : 0 });
}

/** Resolves when a handler has started the job so many times. */
export function started({ ledger }: Stage, id: string, times = 1, timeout = 30_000): Promise<unknown> {
  return eventually(() => expect(ledger.of('start', id).length).toBeGreaterThanOrEqual(times), { timeout });
}

export function finished({ ledger }: Stage, id: string, timeout = 30_000): Promise<unknown> {
  return eventually(() => expect(ledger.of('finish', id).length).toBeGreaterThanOrEqual(1), { timeout });
}

/** Resolves with the job when it is in that state. */
export function inState(producer: ProducerProcess, id: string, state: string, timeout = 30_000) {
  const look = async () => {
    const job = await producer.get(id);
    expect(job.state, `state of ${JSON.stringify(job)}`).toBe(state);
    if (state === 'dead') producer.ledger.settle(id);
    return job;
  };
  return eventually(look, { timeout, interval: 50 });
}

/** What a process used and wrote over that time: share of a core, lines of log a second. */
export async function appetite(worker: WorkerProcess, ms: number): Promise<{ cpu: number; lines: number }> {
  const [cpuBefore, logBefore, begin] = [worker.cpuMs(), worker.process.output.length, Date.now()];
  await eventually(() => Date.now() >= begin + ms, { timeout: ms + 1_000 });
  const elapsed = Date.now() - begin;
  return {
    cpu: (worker.cpuMs() - cpuBefore) / elapsed,
    lines: (worker.logSince(logBefore).length * 1_000) / elapsed,
  };
}

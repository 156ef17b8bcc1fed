import { fileURLToPath } from 'node:url';
import { AppProcess } from '../../support/processes.js';
import { freePort } from '../../support/ports.js';
import type { Ledger } from './ledger.js';

const script = fileURLToPath(new URL('../apps/producer.mjs', import.meta.url));

/** How one call of `enqueue` ended. */
export interface CallOutcome {
  /** Absent when it was acknowledged. */
  readonly code?: string;
  readonly message?: string;
  readonly jobId?: string;
  readonly jobIds?: string[];
  readonly id?: string;
  readonly status?: string;
  readonly count?: number;
  readonly ms: number;
}

/** What a load was told in all. */
export interface LoadTotals {
  readonly acknowledged: number;
  readonly unknown: number;
  readonly refused: number;
  readonly longest: number;
}

export interface EnqueueCommand {
  payload?: object;
  options?: object;
  newer?: boolean;
}

/** Milliseconds that a process may take to boot, on a machine that boots many of them. */
export const BOOT = 60_000;

/** Milliseconds for looking up all the jobs of a row; a frozen process does not hold the row up for longer. */
const LOOKUP = 60_000;

/** How a process is started. */
export interface ProcessSettings {
  env?: Record<string, string | undefined>;
  wrapper?: string[];
}

/** A web process, driven over HTTP. */
export class ProducerProcess {
  private constructor(
    readonly process: AppProcess,
    /** Where it writes what it was told. */
    readonly ledger: Ledger,
    private readonly url: string,
  ) {}

  static async start(
    config: object,
    ledger: Ledger,
    { env = {}, wrapper }: ProcessSettings = {},
  ): Promise<ProducerProcess> {
    const port = await freePort();
    const process = await AppProcess.start({
      script,
      wrapper,
      env: { NO_COLOR: '1', FAULT_CONFIG: JSON.stringify({ ...config, port }), ...env },
      name: 'producer',
    });
    await process.waitForOutput(/producer is up/, BOOT);
    return new ProducerProcess(process, ledger, `http://127.0.0.1:${port}`);
  }

  enqueue(command: EnqueueCommand = {}): Promise<CallOutcome> {
    return this.ask('enqueue', { payload: {}, ...command });
  }

  enqueueMany(ids: string[]): Promise<CallOutcome> {
    return this.ask('enqueueMany', { ids });
  }

  /** `enqueueMany` of so many jobs with that payload. */
  enqueueCount(count: number, payload: object = {}): Promise<CallOutcome> {
    return this.ask('enqueueCount', { count, payload });
  }

  /** The same, of jobs that the row then follows. */
  recordMany(count: number, payload: object, options: object = {}): Promise<CallOutcome> {
    return this.ask('recordMany', { count, payload, options });
  }

  /** So many transactions at once that record a job each, and end so. */
  transactions(
    count: number,
    ending: string,
  ): Promise<{ jobs?: { id: string; status: string; failed?: string }[]; error?: string }> {
    return this.ask('transactions', { count, ending });
  }

  /** So many calls at once; `longest` counts from the end of the loop that makes them. */
  burst(
    count: number,
  ): Promise<{ outcomes: Record<string, number>; longest: number; loop: number; growth: number }> {
    return this.ask('burst', { count });
  }

  /** Retries or deletes every dead job. */
  dead(
    action: 'retry' | 'delete',
  ): Promise<CallOutcome & { done?: { matched: number; retried?: number; deleted?: number } }> {
    return this.ask('dead', { action });
  }

  schedules(): Promise<{ name: string; nextRunAt: string }[]> {
    return this.ask('schedules');
  }

  /** Leaves it no file descriptor for that time, while it enqueues four times a second. */
  withoutFiles(ms: number): Promise<{ held: number; outcomes: CallOutcome[] }> {
    return this.ask('withoutFiles', { ms });
  }

  get(
    id: string,
  ): Promise<{ state?: string; reason?: string; attempt?: number; error?: { message: string } }> {
    return this.ask('get', { id });
  }

  /** Those of the ids whose job is not stored, or is dead. */
  async withoutFuture(ids: readonly string[]): Promise<string[]> {
    const answer = await this.ask<{ ids?: string[]; error?: string }>('withoutFuture', { ids }, LOOKUP);
    if (!answer.ids) throw new Error(answer.error);
    return answer.ids;
  }

  /** Pauses or resumes the queue. */
  async setPaused(paused: boolean): Promise<void> {
    const { error } = await this.ask<{ error?: string }>('setPaused', { paused });
    if (error) throw new Error(error);
  }

  async ready(): Promise<boolean> {
    return (await this.ask<{ up: boolean }>('ready')).up;
  }

  async rss(): Promise<number> {
    return (await this.ask<{ rss: number }>('rss')).rss;
  }

  load(
    settings: { rate?: number; lanes?: number; payload?: object; counted?: boolean } = {},
  ): Promise<object> {
    return this.ask('load', settings);
  }

  stopLoad(): Promise<LoadTotals> {
    return this.ask('stopLoad');
  }

  private async ask<T>(command: string, body: object = {}, timeout?: number): Promise<T> {
    const response = await fetch(`${this.url}/${command}`, {
      method: 'POST',
      body: JSON.stringify(body),
      ...(timeout === undefined ? {} : { signal: AbortSignal.timeout(timeout) }),
    });
    return (await response.json()) as T;
  }
}

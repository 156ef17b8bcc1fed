import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AppProcess } from '../../support/processes.js';
import { freePort } from '../../support/ports.js';
import { BOOT, type ProcessSettings } from './producer.process.js';

const script = fileURLToPath(new URL('../apps/worker.mjs', import.meta.url));
/** Of the clock that /proc counts processor time with; 100 on every Linux that node runs on. */
const TICKS = 100;

export interface WorkerSettings {
  /** Options of `runWorker`. */
  run?: object;
  /** Has a handler for the newer job too. */
  newer?: boolean;
  /** Has listeners that fail. */
  listeners?: boolean;
}

/** A worker process and its health endpoints. */
export class WorkerProcess {
  private constructor(
    readonly process: AppProcess,
    readonly url: string,
  ) {}

  static async start(config: object, { env = {}, wrapper }: ProcessSettings): Promise<WorkerProcess> {
    const port = await freePort();
    const process = await AppProcess.start({
      script,
      wrapper,
      env: { NO_COLOR: '1', FAULT_CONFIG: JSON.stringify({ ...config, port }), ...env },
      name: 'worker',
    });
    return new WorkerProcess(process, `http://127.0.0.1:${port}/health`);
  }

  /** Resolves when it takes jobs. */
  async ready(timeout = BOOT): Promise<this> {
    await this.process.waitForHttp(`${this.url}/ready`, 200, timeout);
    return this;
  }

  /** Resolves when its health answers at all. */
  async live(): Promise<this> {
    await this.process.waitForHttp(`${this.url}/live`, 200, BOOT);
    return this;
  }

  async status(path: 'live' | 'ready' | '' = 'ready'): Promise<number> {
    const response = await fetch(`${this.url}/${path}`, { signal: AbortSignal.timeout(5_000) });
    await response.body?.cancel();
    return response.status;
  }

  /** Lines it logged about the queue since the log had that length. */
  logSince(length: number): string[] {
    return this.process.output.slice(length).split('\n').filter(Boolean);
  }

  /** Processor time that it has used, in milliseconds. */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
  }

  /** Memory that it holds, in bytes. */
  rss(): number {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1_024;
  }
}

import { EventEmitter, once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { supervise, type ProcessExit, type SupervisedProcess } from '../../scripts/process/supervise.mjs';
import { eventually } from './eventually.js';

export interface AppOptions {
  /** The script that node runs, such as `dist/main.worker.js`. */
  script: string;
  args?: string[];
  /** Added to the environment of the tests; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** How failures call it. Defaults to the script. */
  name?: string;
  /** A command that becomes the process in the end, such as `sh -c 'ulimit -n 64; exec "$@"' sh`. */
  wrapper?: string[];
}

/** A real node process of ours under test. It never outlives the test run. */
export class AppProcess implements AsyncDisposable {
  /** Everything it wrote to stdout and stderr so far. */
  output = '';
  /** Resolves when it has ended and all it wrote is in `output`. */
  readonly exited: Promise<ProcessExit>;
  private readonly changes = new EventEmitter();
  private ended?: ProcessExit;

  private constructor(
    readonly name: string,
    private readonly child: SupervisedProcess,
  ) {
    const outputs = [child.stdout, child.stderr].filter((stream) => stream !== null);
    this.exited = Promise.all([child.exited, ...outputs.map((stream) => this.collect(stream))]).then(
      ([exit]) => {
        this.ended = exit;
        this.changes.emit('change');
        return exit;
      },
    );
  }

  static async start({
    script,
    args = [],
    env = {},
    cwd,
    name = script,
    wrapper = [],
  }: AppOptions): Promise<AppProcess> {
    const [command, ...rest] = [...wrapper, process.execPath, script, ...args];
    const child = await supervise({
      command: command!,
      args: rest,
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      graceMs: 1_000,
    });
    return new AppProcess(name, child);
  }

  get pid(): number {
    return this.child.pid;
  }

  /** Resolves with the match; rejects when the process ends, or the time is over, without one. */
  async waitForOutput(pattern: RegExp, timeout = 20_000): Promise<RegExpExecArray> {
    const overdue = AbortSignal.timeout(timeout);
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (this.ended)
        throw this.failure(`ended (${describe(this.ended)}) without writing ${String(pattern)}`);
      await once(this.changes, 'change', { signal: overdue }).catch(() => {
        throw this.failure(`wrote no ${String(pattern)} within ${timeout} ms`);
      });
    }
  }

  /** Resolves with the first answer of that status. */
  async waitForHttp(url: string, status = 200, timeout = 20_000): Promise<Response> {
    let last = 'no answer';
    const attempt = async (): Promise<Response | 'ended' | false> => {
      if (this.ended) return 'ended';
      const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      last = `status ${response.status}`;
      if (response.status === status) return response;
      await response.body?.cancel();
      return false;
    };
    const response = await eventually(attempt, { timeout, interval: 50 }).catch((error: unknown) => {
      throw this.failure(`${url} did not answer ${status} (${last}; ${String(error)})`);
    });
    if (response instanceof Response) return response;
    throw this.failure(`ended before ${url} answered ${status} (${last})`);
  }

  signal(name: NodeJS.Signals): void {
    this.child.signal(name);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<ProcessExit> {
    this.child.signal('SIGKILL');
    return this.exited;
  }

  /** SIGTERM, then SIGKILL after the grace; resolves when it is gone. */
  async stop(graceMs = 30_000): Promise<ProcessExit> {
    await this.child.stop(graceMs);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  private async collect(stream: Readable): Promise<void> {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      this.output += chunk;
      this.changes.emit('change');
    });
    await finished(stream).catch(() => {}); // Torn off: what came is what there is.
  }

  private failure(what: string): Error {
    return new Error(`${this.name} ${what}. Its output:\n${this.output}`);
  }
}

function describe({ code, signal }: ProcessExit): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}

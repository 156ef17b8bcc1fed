import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ChildGroup, type Exit } from './child.process.js';
import { FileWatch } from './file.watch.js';
import { onStopSignal } from './stop-signals.js';

/** What a session is made of. */
export interface DevSettings {
  /** Absolute path of the script of the worker. */
  readonly entry: string;
  /** Folders to watch beside that of the entry. */
  readonly watch: readonly string[];
  /** Command line that keeps building, such as `nest build --watch`. */
  readonly build?: string;
  readonly env: Record<string, string>;
  readonly say: (line: string) => void;
}

/** Beyond what a worker needs to hand its jobs back. */
const GRACE_PERIOD_MS = 5_000;
/** For a worker in development: its running jobs are released soon, for somebody waits for the restart. */
const DEV_ENV = { SCALR_SHUTDOWN_TIMEOUT: '1s', SCALR_LOG: 'text' };

/** A worker that is started again whenever its files change, until a signal ends it all. */
export class DevSession {
  private readonly stop = new AbortController();
  private readonly watch: FileWatch;
  private worker?: ChildGroup;
  private build?: ChildGroup;

  constructor(private readonly settings: DevSettings) {
    this.watch = new FileWatch([dirname(settings.entry), ...settings.watch], settings.entry);
  }

  /** Resolves when everything it started has ended. */
  async run(): Promise<void> {
    const unlisten = onStopSignal(() => this.end());
    try {
      this.startBuild();
      await this.keepWorker();
    } finally {
      await Promise.all([this.worker?.stop(GRACE_PERIOD_MS), this.build?.stop(GRACE_PERIOD_MS)]);
      unlisten();
    }
  }

  private end(): void {
    if (this.stop.signal.aborted) {
      this.worker?.signal('SIGKILL');
      this.build?.signal('SIGKILL');
    }
    this.stop.abort();
  }

  private async keepWorker(): Promise<void> {
    const { entry, say } = this.settings;
    const { signal } = this.stop;
    let state = await this.watch.state();
    if (!existsSync(entry)) {
      say(`waiting for ${entry}`);
      state = (await this.watch.change('', signal)) ?? '';
    }
    while (!signal.aborted) {
      const worker = this.startWorker();
      const changed = await this.watch.change(state, signal);
      if (changed === undefined) return;
      state = changed;
      say('files changed, restarting the worker');
      await worker.stop(GRACE_PERIOD_MS);
    }
  }

  private startWorker(): ChildGroup {
    const given = Object.keys(DEV_ENV).filter((name) => process.env[name]);
    const defaults = Object.fromEntries(Object.entries(DEV_ENV).filter(([name]) => !given.includes(name)));
    const worker = ChildGroup.node(this.settings.entry, { ...defaults, ...this.settings.env }, 'inherit');
    this.worker = worker;
    void worker.exited.then((exit) => this.report('the worker', exit), this.failed('the worker'));
    return worker;
  }

  private startBuild(): void {
    const { build, say } = this.settings;
    if (build === undefined) return;
    say(`building with: ${build}`);
    this.build = ChildGroup.shell(build, (line) => say(`build | ${line}`));
    void this.build.exited.then((exit) => this.report('the build', exit), this.failed('the build'));
  }

  private report(what: string, { code, signal }: Exit): void {
    const how = signal ? `by ${signal}` : `with exit code ${code}`;
    this.settings.say(`${what} ended ${how}${this.stop.signal.aborted ? '' : '; waiting for a change'}`);
  }

  private failed(what: string): (error: Error) => void {
    return (error) => this.settings.say(`${what} could not be started: ${error.message}`);
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type {
  DeadLetterService,
  EnqueuedJob,
  EnqueueOptions,
  JobsService,
  QueuesService,
  SchedulesService,
} from 'scalr-queue';
import { sharedRedisUrl } from '../support/redis.js';

/** One run of a handler, told before it does anything. */
export interface Run {
  readonly id: string;
  readonly name: string;
  readonly attempt: number;
  readonly version: string;
  readonly slot?: number;
}

/** What the processes of an application have in common. */
export interface TestedApp {
  readonly name: string;
  readonly lockDuration: string;
  /** Filled by the handlers of all of them. */
  readonly runs: Run[];
}

type Message = { readonly ran: Run } | { readonly number: number; answer?: unknown; error?: string };
interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}
type Kind = 'Act' | 'Solo' | 'Tick' | 'Novel';

/** A process of the application with one version of the library. */
export class VersionProcess {
  /** Its services, as if they were here. */
  readonly jobs = this.proxy('jobs') as JobsService;
  readonly dead = this.proxy('dead') as DeadLetterService;
  readonly queues = this.proxy('queues') as QueuesService;
  readonly schedules = this.proxy('schedules') as SchedulesService;
  private readonly pending = new Map<number, Waiting>();
  private number = 0;

  private constructor(private readonly child: ChildProcess) {}

  static async start(script: string, version: string, app: TestedApp): Promise<VersionProcess> {
    const { name, lockDuration, runs } = app;
    const child = fork(script, [version, sharedRedisUrl(), name, lockDuration], {
      serialization: 'advanced',
    });
    const started = new VersionProcess(child);
    await Promise.race([once(child, 'message'), once(child, 'exit').then(() => started.fail())]);
    child.on('message', (message: Message) => {
      if ('ran' in message) runs.push(message.ran);
      else started.settle(message);
    });
    child.on('exit', () => {
      for (const waiting of started.pending.values()) waiting.reject(new Error(`${version} is gone`));
    });
    return started;
  }

  enqueue(kind: Kind, payload?: unknown, options: EnqueueOptions<never> = {}): Promise<EnqueuedJob> {
    return this.ask('queue', 'enqueue', [{ definition: kind }, payload, options]) as Promise<EnqueuedJob>;
  }

  /** Starts the worker. */
  async work(): Promise<void> {
    await this.call('work', []);
  }

  /** The worker goes as in a deploy. */
  async leave(): Promise<void> {
    await this.call('leave', []);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private ask(service: string, method: string, args: unknown[]): Promise<unknown> {
    return this.call('ask', [service, method, args]);
  }

  private call(call: string, args: unknown[]): Promise<unknown> {
    const number = ++this.number;
    return new Promise((resolve, reject) => {
      this.pending.set(number, { resolve, reject });
      this.child.send({ number, call, args });
    });
  }

  private settle({ number, answer, error }: Extract<Message, { number: number }>): void {
    const waiting = this.pending.get(number);
    this.pending.delete(number);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  }

  private fail(): never {
    throw new Error('the process ended before it was ready');
  }

  private proxy(service: string): object {
    const forward =
      (_target: object, method: string | symbol) =>
      (...args: unknown[]) =>
        this.ask(service, String(method), args);
    return new Proxy({}, { get: forward });
  }
}

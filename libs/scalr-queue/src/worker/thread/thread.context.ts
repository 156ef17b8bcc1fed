import type { MessagePort } from 'node:worker_threads';
import { JobContext } from '../../jobs/job-context.js';
import { toStrictJson } from '../../jobs/strict-json.js';
import { packError, unpackError } from './packed.error.js';
import type { JobFacts, ThreadEnd, ThreadMessage, ThreadOutcome, ThreadRequest } from './thread.protocol.js';

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** The context of an attempt inside its thread: the main thread does what it is asked for. */
export class ThreadContext extends JobContext {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly enqueuedAt: Date;
  override readonly scheduledFor?: Date;
  private readonly controller = new AbortController();
  private readonly waiting = new Map<number, Waiting>();
  private readonly answers: Promise<void>[] = [];

  constructor(
    facts: JobFacts,
    private readonly port: MessagePort,
  ) {
    super();
    this.id = facts.id;
    this.name = facts.name;
    this.queue = facts.queue;
    this.attempt = facts.attempt;
    this.maxAttempts = facts.maxAttempts;
    this.enqueuedAt = facts.enqueuedAt;
    if (facts.scheduledFor) this.scheduledFor = facts.scheduledFor;
    port.on('message', (message: ThreadMessage) => this.receive(message));
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async progress(value: number | object): Promise<void> {
    // Here, as cloning makes plain data of a class instance; its size is checked where it is stored.
    toStrictJson(`progress of ${this.name}`, value, Number.MAX_SAFE_INTEGER);
    await this.ask('progress', value);
  }

  async log(message: string): Promise<void> {
    await this.ask('log', message);
  }

  /** Sends the outcome when everything that the handler told, waiting for it or not, has arrived. */
  async end(outcome: ThreadOutcome): Promise<void> {
    await Promise.allSettled(this.answers);
    try {
      this.port.postMessage({ outcome } satisfies ThreadEnd, []);
    } catch (error) {
      // The handler has done its work; failing the attempt would run it again.
      const { message } = packError(error);
      const sent = 'output' in outcome ? { output: asJson(outcome.output), lossy: message } : outcome;
      this.port.postMessage({ outcome: sent } satisfies ThreadEnd, []);
    }
    this.port.close();
  }

  private ask(method: ThreadRequest['method'], value: unknown): Promise<void> {
    const request = this.answers.length;
    const answer = new Promise<void>((resolve, reject) => this.waiting.set(request, { resolve, reject }));
    this.answers.push(answer);
    this.port.postMessage({ request, method, value: value as never } satisfies ThreadRequest, []);
    return answer;
  }

  private receive(message: ThreadMessage): void {
    if ('abort' in message) {
      this.controller.abort(unpackError(message.abort));
      return;
    }
    const waiting = this.waiting.get(message.answer);
    this.waiting.delete(message.answer);
    if (message.error) waiting?.reject(unpackError(message.error));
    else waiting?.resolve();
  }
}

function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return null;
  }
}

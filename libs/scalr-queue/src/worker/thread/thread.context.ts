import type { MessagePort } from 'node:worker_threads';
import type { CarriedContext } from '../../contract/carried-context.js';
import { JobContext } from '../../contract/job-context.js';
import { Trail } from '../trail.js';
import { packError, unpackError } from './packed.error.js';
import type { JobFacts, ThreadEnd, ThreadMessage, ThreadOutcome, ThreadTelling } from './thread.protocol.js';

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
  private readonly trail = new Trail({
    progress: async (value) => this.send({ method: 'progress', value }),
    log: async (value) => this.send({ method: 'log', value }),
    // The main thread says so.
    ignored: () => this.send({ method: 'progress', value: Number.NaN }),
  });

  constructor(
    private readonly facts: JobFacts,
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

  override get context(): Readonly<Partial<CarriedContext>> {
    return this.facts.context;
  }

  progress(value: number | object): Promise<void> {
    return this.trail.progress(value);
  }

  log(message: unknown): Promise<void> {
    return this.trail.log(message);
  }

  /** Sends the outcome, after everything that the handler reported. */
  async end(outcome: ThreadOutcome): Promise<void> {
    await this.trail.end();
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

  private send(message: ThreadTelling): void {
    this.port.postMessage(message, []);
  }

  private receive({ abort }: ThreadMessage): void {
    this.controller.abort(unpackError(abort));
  }
}

function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return null;
  }
}

import type { MessagePort } from 'node:worker_threads';
import type { CarriedContext } from '../../contract/carried-context.js';
import type { EachOptions, EachSource, EffectCall, OnceOptions } from '../../contract/effects.js';
import { JobContext } from '../../contract/job-context.js';
import { systemClock } from '../../config/clock.js';
import { AttemptEffects } from '../effects/attempt.effects.js';
import type { EffectScope, FoundUnknown } from '../effects/effect.scope.js';
import { Trail } from '../trail.js';
import { packError, unpackError } from './packed.error.js';
import { ThreadNotes } from './thread.notes.js';
import type {
  EffectFacts,
  JobFacts,
  ThreadEnd,
  ThreadMessage,
  ThreadNote,
  ThreadOutcome,
  ThreadTelling,
} from './thread.protocol.js';

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

  private readonly drain = new AbortController();
  private readonly notes = new ThreadNotes((note) => this.post(note));
  private readonly effects: AttemptEffects | undefined;

  /** @param effects what they need, beside the main thread */
  constructor(
    private readonly facts: JobFacts,
    private readonly port: MessagePort,
    effects?: EffectFacts,
  ) {
    super();
    this.id = facts.id;
    this.name = facts.name;
    this.queue = facts.queue;
    this.attempt = facts.attempt;
    this.maxAttempts = facts.maxAttempts;
    this.enqueuedAt = facts.enqueuedAt;
    if (facts.scheduledFor) this.scheduledFor = facts.scheduledFor;
    this.effects = effects && new AttemptEffects(this.scopeOf(effects));
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

  override once<T>(
    key: string,
    effect: (call: EffectCall) => T | Promise<T>,
    options?: OnceOptions<NoInfer<T>>,
  ): Promise<T> {
    return this.effects ? this.effects.once(key, effect, options) : super.once(key, effect, options);
  }

  override each<T, C = unknown>(
    name: string,
    source: EachSource<T, C>,
    options?: EachOptions<NoInfer<T>, NoInfer<C>>,
  ): AsyncIterable<T> {
    return this.effects ? this.effects.each(name, source, options) : super.each(name, source, options);
  }

  override tx(): Promise<never> {
    // Connections cannot be handed to a thread.
    return Promise.reject(
      new Error(
        'ctx.tx is not there in a thread: return what is to be written, and write it in the method marked with @ProcessJob, which gets it',
      ),
    );
  }

  /** What the job ends with, given what the handler returned or threw. */
  outcomeOf(ended: { readonly output: unknown } | { readonly thrown: unknown }): ThreadOutcome {
    const handedBack = this.effects?.handedBack;
    if (handedBack) return { error: packError(handedBack) };
    if ('output' in ended) return ended;
    return { error: packError(this.effects ? this.effects.endOf(ended.thrown) : ended.thrown) };
  }

  /** Sends the outcome, after everything that the handler reported. */
  async end(outcome: ThreadOutcome): Promise<void> {
    this.effects?.end();
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

  private scopeOf(facts: EffectFacts): EffectScope {
    const { id, name, notes, signal, drain } = this;
    const enqueuedAt = this.enqueuedAt.getTime();
    const unknown = (value: FoundUnknown) => this.send({ method: 'unknown', value });
    return {
      ...facts,
      notes,
      id,
      name,
      enqueuedAt,
      signal,
      drain: drain.signal,
      clock: systemClock,
      unknown,
    };
  }

  private send(message: ThreadTelling): void {
    this.post(message);
  }

  private post(message: ThreadTelling | ThreadNote): void {
    this.port.postMessage(message, []);
  }

  private receive(message: ThreadMessage): void {
    if ('abort' in message) this.controller.abort(unpackError(message.abort));
    else if ('drain' in message) this.drain.abort();
    else this.notes.answer(message);
  }
}

function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value)) as unknown;
  } catch {
    return null;
  }
}

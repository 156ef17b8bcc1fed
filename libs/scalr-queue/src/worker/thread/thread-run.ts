import { Logger } from '@nestjs/common';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { JobContext } from '../../contract/job-context.js';
import { AttemptContext } from '../attempt.context.js';
import type { EffectScope } from '../effects/effect.scope.js';
import { packError, unpackError } from './packed.error.js';
import {
  OUTCOME_SENT,
  type ThreadEnd,
  type ThreadMessage,
  type ThreadNote,
  type ThreadOutcome,
  type ThreadTask,
  type ThreadTelling,
} from './thread.protocol.js';

const logger = new Logger('ScalrQueue');

/** How long a thread may go on after its attempt was aborted, to end by itself. */
const KILL_AFTER = 250;

/**
 * Starts the task in a thread, which dies when the signal aborts; resolves with what the function there returns.
 * @throws JobThreadError
 */
export type ThreadStarter = (task: ThreadTask, kill: AbortSignal) => Promise<unknown>;

/** One job in a thread, seen from the main thread: does what the thread asks for, and kills it when the time is over. */
export class ThreadRun {
  private readonly channel = new MessageChannel();
  private readonly killer = new AbortController();
  private readonly outcome: Promise<ThreadOutcome>;
  private timer?: NodeJS.Timeout;
  private readonly onAbort = () => {
    this.send({ abort: packError(this.context.signal.reason) });
    this.timer = setTimeout(() => this.killer.abort(), KILL_AFTER);
  };

  private readonly onDrain = () => this.send({ drain: true });
  private readonly scope: EffectScope | undefined;

  /** @param context of an attempt whose signal is not aborted */
  constructor(private readonly context: JobContext) {
    this.scope = context instanceof AttemptContext ? context.scope : undefined;
    context.signal.addEventListener('abort', this.onAbort, { once: true });
    this.scope?.drain.addEventListener('abort', this.onDrain, { once: true });
    this.outcome = new Promise((resolve) => {
      this.port.on('message', (message: ThreadTelling | ThreadNote | ThreadEnd) => {
        if ('outcome' in message) resolve(message.outcome);
        else if ('note' in message) void this.write(message);
        else this.hear(message);
      });
    });
  }

  /**
   * Resolves with what the handler gives.
   * @throws what the handler threw, or what `start` rejects with
   */
  async output(start: ThreadStarter, payload: unknown, trace?: string): Promise<unknown> {
    const { id, name, queue, attempt, maxAttempts, enqueuedAt, scheduledFor, context } = this.context;
    const facts = { id, name, queue, attempt, maxAttempts, enqueuedAt, scheduledFor, context };
    const effects = this.scope && {
      app: this.scope.app,
      lease: this.scope.lease,
      resultLimit: this.scope.resultLimit,
    };
    if (this.scope?.drain.aborted) this.onDrain();
    try {
      const task: ThreadTask = {
        payload,
        facts,
        port: this.channel.port2,
        ...(effects ? { effects } : {}),
        ...(trace === undefined ? {} : { trace }),
      };
      const returned = await start(task, this.killer.signal);
      if (returned !== OUTCOME_SENT)
        throw new TypeError('the default export of the thread file is not made by threadHandler()');
      const outcome = await this.outcome;
      if ('error' in outcome) throw unpackError(outcome.error);
      if (outcome.lossy !== undefined)
        logger.warn(
          `the output of the thread of ${name} cannot cross to the main thread (${outcome.lossy}): ` +
            'what JSON makes of it counts instead. Return plain data.',
        );
      return outcome.output;
    } finally {
      clearTimeout(this.timer);
      this.context.signal.removeEventListener('abort', this.onAbort);
      this.scope?.drain.removeEventListener('abort', this.onDrain);
      this.port.close();
    }
  }

  private get port(): MessagePort {
    return this.channel.port1;
  }

  private send(message: ThreadMessage): void {
    this.port.postMessage(message, []);
  }

  private async write({ note, method, args }: ThreadNote): Promise<void> {
    try {
      const { notes } = this.scope!;
      const write = notes[method] as (...all: unknown[]) => Promise<unknown>;
      const answer = await write.apply(notes, [...args]);
      this.send({ note, answer });
    } catch (error) {
      this.send({ note, failure: packError(error) });
    }
  }

  private hear({ method, value }: ThreadTelling): void {
    if (method === 'progress') void this.context.progress(value);
    else if (method === 'unknown') this.scope?.unknown(value);
    else for (const line of value) void this.context.log(line);
  }
}

import type { EffectClaim, EffectEnd, JobEffects } from '../../engine/job-effects.js';
import { unpackError } from './packed.error.js';
import type { ThreadMessage, ThreadNote } from './thread.protocol.js';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What is noted about a job, from its thread: the main thread writes it, in the order in which it is told. */
export class ThreadNotes implements JobEffects {
  private last = 0;
  private readonly waiting = new Map<number, Waiting>();

  constructor(private readonly send: (note: ThreadNote) => void) {}

  claim(...args: Parameters<JobEffects['claim']>): Promise<EffectClaim> {
    return this.ask('claim', args) as Promise<EffectClaim>;
  }

  async renew(...args: Parameters<JobEffects['renew']>): Promise<void> {
    await this.ask('renew', args);
  }

  async settle(key: string, token: string, end: EffectEnd): Promise<void> {
    await this.ask('settle', [key, token, end]);
  }

  progressOf(name: string): Promise<string | undefined> {
    return this.ask('progressOf', [name]) as Promise<string | undefined>;
  }

  note(...args: Parameters<JobEffects['note']>): Promise<boolean> {
    return this.ask('note', args) as Promise<boolean>;
  }

  /** The main thread has written a note, or could not. */
  answer({ note, answer, failure }: Extract<ThreadMessage, { note: number }>): void {
    const waiting = this.waiting.get(note);
    this.waiting.delete(note);
    if (failure) waiting?.reject(unpackError(failure));
    else waiting?.resolve(answer);
  }

  private ask(method: keyof JobEffects, args: readonly unknown[]): Promise<unknown> {
    const note = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(note, { resolve, reject });
      this.send({ note, method, args });
    });
  }
}

import { type EffectScope, unlessAborted } from './effect.scope.js';
import type { ItemPosition } from './item.source.js';

/** What is stored of a list. */
export interface ItemState extends ItemPosition {
  readonly done: number;
  readonly total?: number;
  readonly perSecond?: number;
  readonly ended?: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What is shown of a list: all but where it goes on. */
export type ShownItems = Omit<ItemState, 'cursor' | 'skip'> & { readonly name: string };

/** What is shown is written this often at most, in milliseconds. */
const SHOW_EVERY = 2_000;
/** Notes that may be on their way without an answer: what a lost connection can cost, beside the item at hand. */
const UNANSWERED = 8;
const REFUSAL_PAUSE = 1_000;

/**
 * Notes how far a list is. A note is handed to the connection before the next item begins, and not waited for: a process that is killed
 * has sent it. Where nothing answers, items wait.
 */
export class ItemNotes {
  private latest?: ItemState;
  private isSent = true;
  private isShown = true;
  private sentAt = -Infinity;
  private shownAt = -Infinity;
  private readonly unanswered = new Set<Promise<void>>();
  private refused = false;
  private taken = false;

  /** @param shown what is to be shown of all lists of the job, given the state of this one */
  constructor(
    private readonly name: string,
    private readonly scope: EffectScope,
    private readonly every: number,
    private readonly shown: (state: ItemState) => string,
  ) {}

  /** Resolves when the next item may begin. @throws where another run has the job */
  async put(state: ItemState): Promise<void> {
    this.latest = state;
    this.isSent = false;
    this.isShown = false;
    if (state.ended) this.send(true);
    else if (this.scope.clock.now() - this.sentAt >= this.every) this.send();
    while (this.refused || this.unanswered.size >= UNANSWERED) await this.answer();
    if (this.taken)
      throw new Error(
        `another run has this job, or it is not stored any more: ctx.each("${this.name}") ends`,
      );
  }

  /** Sends what is not sent yet. @param isLast whether it is to be shown, too */
  send(isLast = false): void {
    if (!this.latest || (this.isSent && (this.isShown || !isLast))) return;
    const now = this.scope.clock.now();
    const { cursor, skip, ...rest } = this.latest;
    const isShown = isLast || now - this.shownAt >= SHOW_EVERY;
    const state = JSON.stringify({ ...(cursor === undefined ? {} : { cursor }), skip, ...rest });
    if (isShown) this.shownAt = now;
    this.isShown = isShown;
    this.sentAt = now;
    this.isSent = true;
    const note = this.scope.notes.note(this.name, state, isShown ? this.shown(this.latest) : undefined).then(
      (isOurs) => {
        this.taken ||= !isOurs;
        this.refused = false;
      },
      () => {
        // The latest counts, whichever was refused.
        this.isSent = false;
        this.refused = true;
      },
    );
    this.unanswered.add(note);
    void note.then(() => this.unanswered.delete(note));
  }

  /** Resolves when all that was put is stored, or the attempt has no more time. */
  async flush(): Promise<void> {
    this.send(true);
    while (this.unanswered.size > 0 || this.refused) await this.answer();
  }

  /** Waits for one answer; after a refusal for a while, and then sends the latest again. */
  private async answer(): Promise<void> {
    const { signal, clock } = this.scope;
    if (this.unanswered.size > 0) return unlessAborted(signal, Promise.race(this.unanswered));
    let cancel = (): void => undefined;
    const pause = new Promise<void>((resolve) => (cancel = clock.after(REFUSAL_PAUSE, resolve)));
    try {
      await unlessAborted(signal, pause);
    } finally {
      cancel();
    }
    this.send();
  }
}

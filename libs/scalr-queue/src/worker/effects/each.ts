import type { EachOptions, EachSource } from '../../contract/effects.js';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import { HandBack } from '../../engine/run-ends.js';
import { checkKey } from './effect-key.js';
import { type EffectScope, unlessAborted } from './effect.scope.js';
import { ItemNotes, type ItemState, type ShownItems } from './item.notes.js';
import { itemsFrom } from './item.source.js';

/** Lists of a job that are shown, the latest first. */
const SHOWN_LISTS = 5;

const check = new OptionChecker(InvalidOptionError);

/** The lists of one attempt. */
export class EachLists {
  private readonly open = new Map<string, ItemNotes>();
  private readonly shown = new Map<string, ShownItems>();

  /** @param decided hears of the end of the run that a shutdown asks for */
  constructor(
    private readonly scope: EffectScope,
    private readonly decided: (error: Error) => void,
  ) {}

  /** The attempt is over: what was finished last is noted. */
  end(): void {
    for (const notes of this.open.values()) notes.send(true);
  }

  each<T, C>(name: string, source: EachSource<T, C>, options: EachOptions<T, C> = {}): AsyncIterable<T> {
    checkKey('the name of ctx.each', name);
    if ((typeof source !== 'object' && typeof source !== 'function') || source === null)
      check.fail(`the source of ctx.each("${name}")`, 'items, or a function that gives them', source);
    const every = checkOptions(name, options);
    return { [Symbol.asyncIterator]: () => this.iterate(name, source, options, every) };
  }

  private async *iterate<T, C>(
    name: string,
    source: EachSource<T, C>,
    options: EachOptions<T, C>,
    every: number,
  ): AsyncGenerator<T> {
    const { scope } = this;
    if (this.open.has(name))
      throw new InvalidOptionError(
        `ctx.each("${name}") is under way in this run: each list needs a name of its own`,
      );
    const notes = new ItemNotes(name, scope, every, (state) => this.show(name, state));
    this.open.set(name, notes);
    try {
      const text = await unlessAborted(scope.signal, scope.notes.progressOf(name));
      const before = text === undefined ? undefined : (JSON.parse(text) as ItemState);
      let state: ItemState = before ?? { skip: 0, done: 0, at: scope.clock.now() };
      if (state.ended) {
        this.show(name, state);
        return;
      }
      const total = await totalOf(name, options.total);
      const began = scope.clock.now();
      const doneBefore = state.done;
      const advance = (change: Partial<ItemState>): ItemState => {
        const at = scope.clock.now();
        const done = change.done ?? state.done;
        const perSecond = ratePerSecond(done - doneBefore, at - began);
        return {
          ...state,
          ...change,
          at,
          ...(total === undefined ? {} : { total }),
          ...(perSecond === undefined ? {} : { perSecond }),
        };
      };
      for await (const { item, next } of itemsFrom(name, source, options.cursor, state)) {
        this.handBack(notes);
        yield item;
        state = advance({ cursor: next.cursor, skip: next.skip, done: state.done + 1 });
        await notes.put(state);
        if (scope.drain.aborted) {
          await notes.flush();
          this.handBack(notes);
        }
      }
      scope.signal.throwIfAborted();
      await notes.put(advance({ ended: true }));
      await notes.flush();
    } finally {
      // Also where the loop was left: what is finished is noted.
      notes.send(true);
      this.open.delete(name);
    }
  }

  /** Before an item: nothing begins any more where the run is over, or its worker is. */
  private handBack(notes: ItemNotes): void {
    this.scope.signal.throwIfAborted();
    if (!this.scope.drain.aborted) return;
    notes.send(true);
    const end = new HandBack();
    this.decided(end);
    throw end;
  }

  /** What is shown of the lists of this run. */
  private show(name: string, { cursor: _cursor, skip: _skip, ...state }: ItemState): string {
    this.shown.delete(name);
    this.shown.set(name, { name, ...state });
    return JSON.stringify([...this.shown.values()].slice(-SHOWN_LISTS).toReversed());
  }
}

async function totalOf<T, C>(name: string, total: EachOptions<T, C>['total']): Promise<number | undefined> {
  const items = typeof total === 'function' ? await total() : total;
  if (items === undefined) return undefined;
  return check.integer(`the total of ctx.each("${name}")`, items, 0, Number.MAX_SAFE_INTEGER);
}

/** To three digits. */
function ratePerSecond(items: number, ms: number): number | undefined {
  if (items === 0 || ms <= 0) return undefined;
  return Number(((items * 1_000) / ms).toPrecision(3));
}

function checkOptions<T, C>(name: string, options: EachOptions<T, C>): number {
  const where = `the options of ctx.each("${name}")`;
  const { cursor, checkpointEvery } = check.object(where, options, ['cursor', 'total', 'checkpointEvery']);
  if (cursor !== undefined && typeof cursor !== 'function')
    check.fail(`the cursor of ctx.each("${name}")`, 'a function of an item', cursor);
  return checkpointEvery === undefined
    ? 0
    : check.duration(`checkpointEvery of ctx.each("${name}")`, checkpointEvery);
}

import type { EachItems, EachPage, EachSource } from '../../contract/effects.js';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { OptionChecker } from '../../contract/option-checker.js';
import { toStrictJson } from '../../contract/strict-json.js';

const check = new OptionChecker(InvalidOptionError);
/** Bytes of a cursor: it is stored with each item. */
const CURSOR_LIMIT = 4 * 1_024;

/** Where a list goes on: the cursor that its source is asked with, and how many of what that gives are finished. */
export interface ItemPosition {
  readonly cursor?: unknown;
  readonly skip: number;
}

/** An item, and where the list goes on once it is finished. */
export interface PlacedItem<T> {
  readonly item: T;
  readonly next: ItemPosition;
}

/** The items of a source from a position on. */
export async function* itemsFrom<T, C>(
  name: string,
  source: EachSource<T, C>,
  cursorOf: ((item: T) => C) | undefined,
  from: ItemPosition,
): AsyncGenerator<PlacedItem<T>> {
  let position = from;
  for (;;) {
    const given = typeof source === 'function' ? await source(position.cursor as C | undefined) : source;
    const page = isPage(given) ? given : undefined;
    const items = itemsOf(name, page ? page.items : (given as Iterable<T> | AsyncIterable<T>));
    const asked = position.cursor;
    let place = 0;
    for await (const item of items) {
      if (++place <= position.skip) continue;
      if (cursorOf && typeof source === 'function' && !page) {
        const cursor: unknown = cursorOf(item);
        checkNext(name, asked, cursor);
        yield { item, next: { cursor, skip: 0 } };
        position = { cursor, skip: 0 };
      } else {
        yield { item, next: { cursor: asked, skip: place } };
      }
    }
    if (page) {
      if (page.next === undefined || page.next === null) return;
      checkNext(name, asked, page.next);
      position = { cursor: page.next, skip: 0 };
    } else if (!cursorOf || !Array.isArray(given) || typeof source !== 'function' || place === 0) {
      return;
    }
  }
}

function isPage<T, C>(given: EachItems<T, C>): given is EachPage<T, C> {
  return typeof given === 'object' && given !== null && 'items' in given && !(Symbol.iterator in given);
}

function itemsOf<T>(name: string, given: Iterable<T> | AsyncIterable<T>): Iterable<T> | AsyncIterable<T> {
  const isList =
    typeof given === 'object' &&
    given !== null &&
    (Symbol.iterator in given || Symbol.asyncIterator in given);
  return isList
    ? given
    : check.fail(
        `the source of ctx.each("${name}")`,
        'items, or a function that gives items or a page of them',
        given,
      );
}

/** A source that does not heed its cursor would never come to an end. */
function checkNext(name: string, asked: unknown, next: unknown): void {
  toStrictJson(`cursor of ctx.each("${name}")`, next, CURSOR_LIMIT);
  if (asked === undefined || JSON.stringify(asked) !== JSON.stringify(next)) return;
  throw new InvalidOptionError(
    `the source of ctx.each("${name}") gave again what it had given: it has to begin after the cursor that it is asked with`,
  );
}

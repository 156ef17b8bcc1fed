import type { ErrorInfo } from './api.js';
import { type Child, h } from './dom.js';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Child;
  /** Numbers stand to the right. */
  readonly number?: boolean;
}

/** A table; on a narrow screen each row is a card that names its fields. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  none: string,
): HTMLElement {
  if (rows.length === 0) return h('section', {}, h('h2', {}, caption), h('p', { class: 'none' }, none));
  const kind = (column: Column<Row>) => (column.number ? 'number' : undefined);
  return h(
    'section',
    {},
    h('h2', {}, caption),
    h(
      'table',
      { 'aria-label': caption },
      h(
        'thead',
        {},
        h('tr', {}, ...columns.map((one) => h('th', { scope: 'col', class: kind(one) }, one.title))),
      ),
      h(
        'tbody',
        {},
        ...rows.map((row) =>
          h(
            'tr',
            {},
            ...columns.map((one) => h('td', { class: kind(one), 'data-title': one.title }, one.cell(row))),
          ),
        ),
      ),
    ),
  );
}

/** Something that is worth a look, by word and not by colour alone. */
export const badge = (tone: 'bad' | 'warn' | 'good', text: string): HTMLElement =>
  h('span', { class: `badge ${tone}` }, text);

/** A link to a page of the console. */
export function to(
  page: string,
  query: Readonly<Record<string, string | undefined>>,
  ...text: Child[]
): HTMLElement {
  return h('a', { href: hrefOf(page, query) }, ...text);
}

export function hrefOf(page: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(given).toString();
  return `#/${page}${text && `?${text}`}`;
}

/** Names and what they stand for; what is undefined is left out. */
export function facts(entries: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  return h(
    'dl',
    {},
    ...entries.flatMap(([name, value]) =>
      value === undefined ? [] : [h('div', {}, h('dt', {}, name), h('dd', {}, value))],
    ),
  );
}

/** What could not be looked at, and why. */
export function notes(all: readonly string[]): HTMLElement | undefined {
  if (all.length === 0) return undefined;
  return h('section', {}, h('h2', {}, 'Not looked at'), h('ul', {}, ...all.map((note) => h('li', {}, note))));
}

/** Where the address names an app that there is not, or that is not for this account. */
export const noApp = (app: string): HTMLElement =>
  h('p', { class: 'none' }, 'No app is called ', foreign(app), ', or it is not for your account.');

/** Text of others beside text of ours: writing from right to left, and its marks, end where it ends. */
export const foreign = (text: string): HTMLElement => h('bdi', {}, text);

/** The error of a job in one line. */
export function errorText({ name, code, message }: ErrorInfo): HTMLElement {
  return h('bdi', { class: 'error' }, `${name}${code ? ` [${code}]` : ''}: ${message}`);
}

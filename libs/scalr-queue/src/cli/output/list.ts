import type { Paint } from './paint.js';
import { type Column, renderTable } from './table.js';

/** What a command lists. */
export interface List<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[] | ((rows: readonly Row[]) => readonly Column<Row>[]);
  /** What is said where there are none. */
  readonly none: string;
  /** What machines are given; the rows by default. */
  readonly data?: unknown;
}

export function renderList<Row>({ rows, columns, none }: List<Row>, paint: Paint, width?: number): string {
  if (rows.length === 0) return none;
  return renderTable(typeof columns === 'function' ? columns(rows) : columns, rows, paint, width);
}

/** The lists of several apps as one, with a column for the app. */
export function mergeLists<Row>(lists: readonly { app: string; list: List<Row> }[]): List<{
  readonly app: string;
  readonly row: Row;
}> {
  const { columns = [], none = '' } = lists[0]?.list ?? {};
  return {
    rows: lists.flatMap(({ app, list }) => list.rows.map((row) => ({ app, row }))),
    columns: (rows) => [
      { title: 'app', of: ({ app }) => app },
      ...(typeof columns === 'function' ? columns(rows.map(({ row }) => row)) : columns).map(
        ({ title, of }) => ({ title, of: ({ row }: { readonly row: Row }) => of(row) }),
      ),
    ],
    none,
  };
}

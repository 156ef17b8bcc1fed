/** A column of numbers as a line or a bar; null is a time of which nothing is known. */
export interface Series {
  readonly title: string;
  /** Names its colour. */
  readonly tone: 'good' | 'warn' | 'bad' | 'link';
  readonly values: readonly (number | null)[];
}

/** Cells of equal length. */
export interface Frame {
  /** When the first begins, in epoch milliseconds. */
  readonly t0: number;
  readonly step: number;
  /** Times that are marked, and by what. */
  readonly marks?: readonly { readonly at: number; readonly text: string }[];
}

export const WIDTH = 720;
export const HEIGHT = 90;
/** Rows of the table beside a chart. */
const ROWS = 24;

/** Where everything of a chart stands: no part of a page yet. */
export interface Plot {
  /** Of the longest series, one at least. */
  readonly cells: number;
  readonly highest: number;
  readonly lines: readonly { readonly tone: Series['tone']; readonly paths: readonly string[] }[];
  readonly marks: readonly { readonly x: number; readonly text: string }[];
}

/** All series share one scale, from nothing at the bottom to the highest value just below the top. */
export function plot({ t0, step, marks = [] }: Frame, series: readonly Series[]): Plot {
  const cells = Math.max(1, ...series.map(({ values }) => values.length));
  const highest = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const x = (cell: number) => (cell / cells) * WIDTH;
  const y = (value: number) => HEIGHT - 1 - (value / (highest || 1)) * (HEIGHT - 4);
  return {
    cells,
    highest,
    lines: series.map(({ tone, values }) => ({ tone, paths: pathsOf(values, x, y) })),
    marks: marks.map(({ at, text }) => ({ x: x((at - t0) / step), text })),
  };
}

/** One path for each stretch without a gap, each cell as wide as it is. */
export function pathsOf(
  values: readonly (number | null)[],
  x: (cell: number) => number,
  y: (value: number) => number,
): string[] {
  const paths: string[] = [];
  let path = '';
  for (const [cell, value] of values.entries()) {
    if (value === null) {
      if (path) paths.push(path);
      path = '';
      continue;
    }
    const [from, to, height] = [x(cell), x(cell + 1), y(value)].map((number) => number.toFixed(1));
    path += `${path ? 'L' : 'M'}${from} ${height}H${to}`;
  }
  return path ? [...paths, path] : paths;
}

/** What a line shows, in words. */
export function inWords({ title, values }: Series, format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${title}: nothing is known`;
  const gaps = values.length - known.length;
  const most = `${title}: at most ${format(Math.max(...known))}, last ${format(known.at(-1)!)}`;
  return gaps > 0 ? `${most}, ${gaps} of ${values.length} cells without a worker` : most;
}

/** The same as a table of few rows: the most of each series in some cells together, null where nothing is known of them. */
export function rowsOf(
  { t0, step }: Frame,
  series: readonly Series[],
): { readonly length: number; readonly rows: { readonly from: number; readonly most: (number | null)[] }[] } {
  const cells = Math.max(1, ...series.map(({ values }) => values.length));
  const width = Math.ceil(cells / ROWS);
  const rows = Array.from({ length: Math.ceil(cells / width) }, (_, row) => ({
    from: t0 + row * width * step,
    most: series.map(({ values }) => {
      const known = values.slice(row * width, (row + 1) * width).filter((value) => value !== null);
      return known.length === 0 ? null : Math.max(...known);
    }),
  }));
  return { length: width * step, rows };
}

import { type Child, h, s } from './dom.js';
import { clock } from './format.js';

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

const WIDTH = 720;
const HEIGHT = 90;
/** Rows of the table beside a chart. */
const ROWS = 24;

/**
 * Lines over one axis of time, with what they show as a table for those who do not see them. A gap is drawn as a gap.
 * @param format says a value in words
 */
export function chart(
  title: string,
  frame: Frame,
  series: readonly Series[],
  format: (value: number) => string,
): HTMLElement {
  const cells = Math.max(1, ...series.map(({ values }) => values.length));
  const highest = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const at = (cell: number) => (cell / cells) * WIDTH;
  const marks = (frame.marks ?? []).map(({ at: time, text }) => {
    const place = at((time - frame.t0) / frame.step).toFixed(1);
    return s('line', { class: 'mark', x1: place, x2: place, y1: '0', y2: `${HEIGHT}` }, s('title', {}, text));
  });
  const picture = s(
    'svg',
    {
      class: 'chart',
      role: 'img',
      'aria-label': `${title}: ${series.map((one) => inWords(one, format)).join('; ')}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
    },
    ...marks,
    ...series.flatMap(({ tone, values }) =>
      pathsOf(values, at, (value) => HEIGHT - 1 - (value / (highest || 1)) * (HEIGHT - 4)).map((d) =>
        s('path', { class: `line ${tone}`, d }),
      ),
    ),
  );
  const end = frame.t0 + cells * frame.step;
  return h(
    'figure',
    {},
    h(
      'figcaption',
      {},
      h('strong', {}, title),
      ...series.map(({ title: name, tone }) => h('span', { class: `key ${tone}` }, ` ${name}`)),
      h('span', { class: 'none' }, ` most ${format(highest)}`),
    ),
    picture,
    h('p', { class: 'axis' }, h('span', {}, clock(frame.t0)), h('span', {}, clock(end))),
    marks.length > 0 &&
      h('p', { class: 'none' }, 'Deployed: ', (frame.marks ?? []).map(({ text }) => text).join(', ')),
    h('details', {}, h('summary', {}, `${title} as a table`), tableOf(title, frame, series, format)),
  );
}

/** A line of a few points, for a table. */
export function sparkline(title: string, values: readonly (number | null)[]): SVGElement {
  const highest = Math.max(...values.map((value) => value ?? 0), 1);
  const at = (cell: number) => (cell / Math.max(1, values.length)) * 100;
  return s(
    'svg',
    { class: 'spark', role: 'img', 'aria-label': title, viewBox: '0 0 100 20', preserveAspectRatio: 'none' },
    ...pathsOf(values, at, (value) => 19 - (value / highest) * 18).map((d) =>
      s('path', { class: 'line link', d }),
    ),
  );
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

function inWords({ title, values }: Series, format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `${title}: nothing is known`;
  const gaps = values.length - known.length;
  const most = `${title}: at most ${format(Math.max(...known))}, last ${format(known.at(-1)!)}`;
  return gaps > 0 ? `${most}, ${gaps} of ${values.length} cells without a worker` : most;
}

/** Cells are added up so that there are few rows. */
function tableOf(
  title: string,
  { t0, step }: Frame,
  series: readonly Series[],
  format: (value: number) => string,
): HTMLElement {
  const cells = Math.max(1, ...series.map(({ values }) => values.length));
  const width = Math.ceil(cells / ROWS);
  const rows: Child[] = [];
  for (let from = 0; from < cells; from += width) {
    const most = series.map(({ values }) => {
      const known = values.slice(from, from + width).filter((value) => value !== null);
      return known.length === 0 ? '–' : format(Math.max(...known));
    });
    rows.push(
      h(
        'tr',
        {},
        h('th', { scope: 'row', 'data-title': 'From' }, clock(t0 + from * step)),
        ...most.map((text, index) => h('td', { class: 'number', 'data-title': series[index]!.title }, text)),
      ),
    );
  }
  const titles = series.map(({ title: name }) => h('th', { scope: 'col', class: 'number' }, name));
  return h(
    'table',
    { 'aria-label': `${title}, the most in each ${Math.round((width * step) / 60_000)} minutes` },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'From'), ...titles)),
    h('tbody', {}, ...rows),
  );
}

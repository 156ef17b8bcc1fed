import { h, s } from './dom.js';
import { clock } from './format.js';
import { type Frame, HEIGHT, inWords, plot, rowsOf, type Series, WIDTH } from './plot.js';

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
  const { cells, highest, lines, marks } = plot(frame, series);
  const picture = s(
    'svg',
    {
      class: 'chart',
      role: 'img',
      'aria-label': `${title}: ${series.map((one) => inWords(one, format)).join('; ')}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
    },
    ...marks.map(({ x, text }) => {
      const place = x.toFixed(1);
      return s(
        'line',
        { class: 'mark', x1: place, x2: place, y1: '0', y2: `${HEIGHT}` },
        s('title', {}, text),
      );
    }),
    ...lines.flatMap(({ tone, paths }) => paths.map((d) => s('path', { class: `line ${tone}`, d }))),
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
    marks.length > 0 && h('p', { class: 'none' }, 'Deployed: ', marks.map(({ text }) => text).join(', ')),
    h('details', {}, h('summary', {}, `${title} as a table`), tableOf(title, frame, series, format)),
  );
}

function tableOf(
  title: string,
  frame: Frame,
  series: readonly Series[],
  format: (value: number) => string,
): HTMLElement {
  const { length, rows } = rowsOf(frame, series);
  const titles = series.map(({ title: name }) => h('th', { scope: 'col', class: 'number' }, name));
  return h(
    'table',
    { 'aria-label': `${title}, the most in each ${Math.round(length / 60_000)} minutes` },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'From'), ...titles)),
    h(
      'tbody',
      {},
      ...rows.map(({ from, most }) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row', 'data-title': 'From' }, clock(from)),
          ...most.map((value, index) =>
            h(
              'td',
              { class: 'number', 'data-title': series[index]!.title },
              value === null ? '–' : format(value),
            ),
          ),
        ),
      ),
    ),
  );
}

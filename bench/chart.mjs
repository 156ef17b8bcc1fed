// @ts-check
import { each, ratioOf } from './median.mjs';
import { rows, sides } from './rows.mjs';

const COLOURS = [
  '#c2410c',
  '#334155',
  '#64748b',
  '#94a3b8',
  '#0e7490',
  '#67a3b0',
  '#cbd5e1',
  '#4d7c0f',
  '#a3b18a',
  '#7c5e10',
];
const [LEFT, BAR, GAP, WIDTH] = [200, 12, 22, 560];
/** Sides in a line of it. */
const LEGEND = 6;

/** Bars of every side for every row, times plain BullMQ. @param {import('./measure-all.mjs').Results} results */
export function chart(results) {
  const shown = sides.filter(({ id }) => results.sides.includes(id));
  const ratios = rows.map(({ id }) => {
    const base = each(results.figures[id]?.['bullmq'], 'perSecond');
    return shown.map((side) => ratioOf(each(results.figures[id]?.[side.id], 'perSecond'), base));
  });
  const longest = Math.max(1, ...ratios.flat().filter((ratio) => !Number.isNaN(ratio)));
  const x = (/** @type {number} */ ratio) => LEFT + (ratio / longest) * WIDTH;
  let y = 50 + 16 * Math.floor((shown.length - 1) / LEGEND);
  const top = y - 10;
  const parts = [];
  for (const [index, { title }] of rows.entries()) {
    const bars =
      ratios[index]?.map((ratio, side) => ({ ratio, side })).filter(({ ratio }) => !Number.isNaN(ratio)) ??
      [];
    parts.push(text(LEFT - 10, y + (bars.length * BAR) / 2 + 4, title, 'end'));
    for (const { ratio, side } of bars) {
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${(x(ratio) - LEFT).toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[side]}"/>`,
      );
      parts.push(text(x(ratio) + 4, y + 9, ratio.toFixed(2), 'start', 9));
      y += BAR;
    }
    y += GAP;
  }
  const legend = shown.map(({ title }, side) => {
    const [at, line] = [20 + (side % LEGEND) * 130, 14 + Math.floor(side / LEGEND) * 16];
    return `<rect x="${at}" y="${line}" width="10" height="10" fill="${COLOURS[side]}"/>${text(at + 14, line + 9, title, 'start', 11)}`;
  });
  const line = `<line x1="${x(1)}" x2="${x(1)}" y1="${top}" y2="${y - GAP + 6}" stroke="#334155" stroke-dasharray="3 3"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 60} ${y}" font-family="sans-serif" role="img" aria-label="jobs per second, times plain BullMQ">
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, line, ...parts].join('\n')}
</svg>
`;
}

/** @param {number} at @param {number} y @param {string} words @param {'start' | 'end'} anchor */
function text(at, y, words, anchor, size = 12) {
  return `<text x="${at}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="#0f172a">${words}</text>`;
}

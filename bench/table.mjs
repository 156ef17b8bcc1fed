// @ts-check

export const whole = (/** @type {number} */ figure) =>
  Number.isNaN(figure) ? '–' : Math.round(figure).toLocaleString('en-US');
export const times = (/** @type {number} */ figure) => (Number.isNaN(figure) ? '–' : figure.toFixed(2));
export const tenths = (/** @type {number} */ figure) => (Number.isNaN(figure) ? '–' : figure.toFixed(1));

/** @param {string[]} head @param {string[][]} lines */
export function table(head, lines) {
  const row = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '--')), ...lines.map(row)].join('\n');
}

// @ts-check

/** NaN of nothing; rounds in which there is no figure do not count. @param {(number | undefined)[] | undefined} figures */
export function median(figures) {
  const sorted = [...(figures ?? [])].filter((it) => it !== undefined && !Number.isNaN(it));
  sorted.sort((one, other) => /** @type {number} */ (one) - /** @type {number} */ (other));
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/**
 * How many times the one is the other: the median over the rounds in which both were measured, for what slows a machine down slows down
 * both sides of a round. NaN where there is no such round.
 *
 * @param {(number | undefined)[] | undefined} figures @param {(number | undefined)[] | undefined} base
 */
export function ratioOf(figures = [], base = []) {
  return median(Array.from(figures, (figure, round) => (figure ?? NaN) / (base[round] ?? NaN)));
}

/** @typedef {import('./measures.mjs').Figure} Figure */

/** One number of each round. @param {(Figure | undefined)[] | undefined} figures @param {keyof Figure} of */
export const each = (figures, of) => Array.from(figures ?? [], (figure) => figure?.[of]);

// @ts-check

/** NaN of nothing; rounds in which there is no figure do not count. @param {(number | undefined)[] | undefined} figures */
export function median(figures) {
  const sorted = [...(figures ?? [])].filter((it) => it !== undefined && !Number.isNaN(it));
  sorted.sort((one, other) => /** @type {number} */ (one) - /** @type {number} */ (other));
  const [below, above] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return ((below ?? NaN) + (above ?? NaN)) / 2;
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

/** @template T @param {(T | undefined)[] | undefined} figures @returns {T[]} */
export const known = (figures) => (figures ?? []).filter((it) => it !== undefined);

/** @param {Record<string, Record<string, unknown[]>>} figures by row, by side */
export function roundsText(figures) {
  const counts = Object.values(figures).flatMap((row) => Object.values(row).map((of) => known(of).length));
  return counts.length === 0 ? 'Not measured.' : `Rounds: ${Math.max(...counts)}.`;
}

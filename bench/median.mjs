// @ts-check

/** NaN of nothing. @param {number[] | undefined} figures */
export function median(figures) {
  const sorted = (figures ?? []).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/**
 * How many times the one is the other: the median over the rounds, for what slows a machine down slows down both sides of a round.
 * NaN where one was not measured.
 *
 * @param {number[] | undefined} figures @param {number[] | undefined} base
 */
export function ratioOf(figures = [], base = []) {
  if (figures.length !== base.length) return median(figures) / median(base);
  return median(figures.map((figure, round) => figure / (base[round] ?? NaN)));
}

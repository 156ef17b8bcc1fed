// @ts-check

/** NaN of nothing. @param {number[] | undefined} figures */
export function median(figures) {
  const sorted = (figures ?? []).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const BARS = '▁▂▃▄▅▆▇█';
const GAP = '·';

/** A character for each value, as high as it is beside the largest one; only 0 has the lowest, and what is not known a dot. */
export function sparkline(values: readonly (number | null)[]): string {
  const top = Math.max(...values.map((value) => value ?? 0), 0);
  return values
    .map((value) => {
      if (value === null) return GAP;
      return value === 0 ? BARS[0] : BARS[Math.max(1, Math.ceil((value / top) * (BARS.length - 1)))];
    })
    .join('');
}

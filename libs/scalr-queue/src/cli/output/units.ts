const STEPS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** A length of time in its two largest units, such as `3m 20s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  const at = STEPS.findIndex(([, step]) => ms >= step);
  const [unit, step] = STEPS[at]!;
  const whole = Math.floor(ms / step);
  const next = STEPS[at + 1];
  const rest = next ? Math.floor((ms - whole * step) / next[1]) : 0;
  return next && rest > 0 ? `${whole}${unit} ${rest}${next[0]}` : `${whole}${unit}`;
}

/** A moment as a person says it: `3m 20s ago`, `in 10m`. */
export function formatMoment(at: Date, now = Date.now()): string {
  const away = +at - now;
  if (Math.abs(away) < 1_000) return 'now';
  return away > 0 ? `in ${formatDuration(away)}` : `${formatDuration(-away)} ago`;
}

/** A moment in full, and how far away it is. */
export function formatTime(at: Date, now = Date.now()): string {
  return `${at.toISOString()} (${formatMoment(at, now)})`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size in memory, such as `1.5 MiB`. */
export function formatBytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 2 ** (10 * power);
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}

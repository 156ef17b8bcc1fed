import { h } from './dom.js';

const UNITS: readonly [size: number, name: string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** `4 min`; for people, so one unit is enough. */
export function duration(milliseconds: number): string {
  for (const [size, name] of UNITS)
    if (milliseconds >= size) return `${Math.floor(milliseconds / size)} ${name}`;
  return `${Math.max(0, Math.round(milliseconds))} ms`;
}

export function bytes(count: number): string {
  const power = Math.min(3, Math.floor(Math.log2(Math.max(1, count)) / 10));
  const value = count / 2 ** (10 * power);
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}

export const count = (value: number): string => value.toLocaleString('en');

/** How long ago, or in how long; the time itself, local and in UTC, where a pointer rests on it. */
export function moment(iso: string | undefined): HTMLElement | string {
  if (iso === undefined) return '–';
  const at = new Date(iso);
  const away = Date.now() - at.getTime();
  const text = away >= 0 ? `${duration(away)} ago` : `in ${duration(-away)}`;
  return h('time', { datetime: iso, title: `${at.toLocaleString()} · ${iso}` }, text);
}

/** Time of the day, with the date where it is not today. */
export function clock(at: number): string {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  const short = { hour: '2-digit', minute: '2-digit' } as const;
  return time.toLocaleString([], isToday ? short : { month: 'short', day: 'numeric', ...short });
}

/** With date and seconds, for the story of a job. */
export const exact = (iso: string): HTMLElement =>
  h('time', { datetime: iso, title: iso }, new Date(iso).toLocaleString());

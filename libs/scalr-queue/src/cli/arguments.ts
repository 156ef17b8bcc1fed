import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../contract/duration.js';

/** `10m`, `250ms`; milliseconds. */
export function duration(value: string): number {
  const parsed = parseDuration(/^\d+$/.test(value) ? Number(value) : value);
  if (parsed === undefined || parsed < 0) throw new InvalidArgumentError("Expected a duration like '10m'.");
  return parsed;
}

export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(value);
}

/** A moment: an ISO date, or how long ago it was. */
export function moment(value: string): Date {
  const ago = parseDuration(value);
  const date = ago === undefined ? new Date(value) : new Date(Date.now() - ago);
  if (Number.isNaN(+date))
    throw new InvalidArgumentError("Expected a date like '2026-05-01T10:00Z', or how long ago like '2h'.");
  return date;
}

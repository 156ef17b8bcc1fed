import type { JobItems } from '../contract/job-info.js';

/** What a run has noted of its lists; nothing of what is not of that shape. */
export function itemsOf(stored: unknown): JobItems[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((one: unknown): JobItems[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { name, done, total, perSecond, ended, at } = one as Partial<Record<keyof JobItems, unknown>>;
    if (typeof name !== 'string' || typeof done !== 'number' || typeof at !== 'number') return [];
    return [
      {
        name,
        done,
        ...(typeof total === 'number' ? { total, left: Math.max(0, total - done) } : {}),
        ...(typeof perSecond === 'number' ? { perSecond } : {}),
        ended: ended === true,
        at: new Date(at),
      },
    ];
  });
}

/** One list in words: `1,200 of 5,000, 40/s, 95 s left`. */
export function describeItems({ done, total, left, perSecond, ended }: JobItems): string {
  const number = (count: number) => count.toLocaleString('en-US');
  const parts = [total === undefined ? `${number(done)} done` : `${number(done)} of ${number(total)}`];
  if (ended) return `${parts[0]!}, ended`;
  if (perSecond !== undefined) parts.push(`${number(perSecond)}/s`);
  if (perSecond !== undefined && left !== undefined)
    parts.push(`${number(Math.ceil(left / perSecond))} s left`);
  return parts.join(', ');
}

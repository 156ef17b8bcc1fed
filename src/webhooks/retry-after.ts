/** Whoever asks for less is asking for a flood, whoever asks for more does not want the webhook. */
const [SHORTEST, LONGEST] = [1_000, 24 * 3_600_000];

/** Milliseconds that a `Retry-After` header asks to wait, as seconds or as a date, from a second to a day. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (!header) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, SHORTEST), LONGEST);
}

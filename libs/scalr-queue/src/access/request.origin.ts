import type { IncomingMessage } from 'node:http';
import { publicHosts } from './public.url.js';

/**
 * Whether a request comes from a page of this very origin, or from no page at all. A browser says so by `Sec-Fetch-Site`, which no page
 * can set, and where it is not sent (plain HTTP) by `Origin`.
 */
export function isOwnRequest(request: IncomingMessage, publicUrl?: URL): boolean {
  const { headers } = request;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin } = headers;
  if (origin === undefined) return true;
  const host = hostOf(origin);
  return host !== undefined && publicHosts(request, publicUrl).includes(host);
}

/**
 * Whether a request that changes something can only have been made on purpose: by a page of ours, which the browser vouches for, or by
 * a program that sends what a form of another site cannot, a header of its own or a JSON body.
 */
export function isMeant(request: IncomingMessage, publicUrl?: URL): boolean {
  if (!isOwnRequest(request, publicUrl)) return false;
  const { headers } = request;
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/json\b/i.test(type)) return false;
  const vouched = headers['sec-fetch-site'] === 'same-origin' || headers.origin !== undefined;
  return vouched || type !== undefined || headers['x-requested-with'] !== undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

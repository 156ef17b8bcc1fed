import type { IncomingMessage } from 'node:http';
import { HiddenValue, type OptionChecker } from '../contract/option-checker.js';

const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+\/?$/;

/**
 * The path that a browser sees the dashboard at: of `publicUrl`, or with what a proxy has taken away and says so
 * (`X-Forwarded-Prefix`), which a page of another site cannot send.
 */
export function publicPath(
  { headers }: IncomingMessage,
  mounted: string,
  publicUrl: URL | undefined,
): string {
  if (publicUrl) return publicUrl.pathname.replace(/\/$/, '');
  const prefix = headers['x-forwarded-prefix'];
  if (typeof prefix !== 'string' || !PREFIX.test(prefix) || /\/\.{1,2}(?:\/|$)/.test(prefix)) return mounted;
  const taken = prefix.replace(/\/$/, '');
  // Some proxies send it and take nothing away.
  return `${mounted}/`.startsWith(`${taken}/`) ? mounted : taken + mounted;
}

/**
 * The hosts that a browser may know this server by: the one that was asked for, and those that a proxy which writes another `Host` has
 * noted. A page of another site cannot send these headers either.
 */
export function publicHosts({ headers }: IncomingMessage, publicUrl: URL | undefined): string[] {
  const forwarded = /(?:^|[;,\s])host="?([^";,\s]+)/gi;
  const noted = (headers['forwarded'] ?? '').matchAll(forwarded);
  return [
    headers.host,
    ...String(headers['x-forwarded-host'] ?? '').split(','),
    ...[...noted].map(([, host]) => host),
    publicUrl?.host,
  ].flatMap((host) => (host?.trim() ? [host.trim().toLowerCase()] : []));
}

/** The option `publicUrl`, checked. */
export function checkPublicUrl(check: OptionChecker, value: unknown): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isPlain = url && !url.username && !url.password && !url.search && !url.hash;
  if (isPlain && /^https?:$/.test(url.protocol)) return url;
  return check.fail(
    'publicUrl',
    'a URL like https://ops.example.com/queues',
    new HiddenValue('something else'),
  );
}

/** Names of fields that are never shown in a log. */
export const SECRET_FIELDS: readonly string[] = [
  'password',
  'passwd',
  'pass',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'authorization',
  'cookie',
  'set-cookie',
  'payload',
];

const TEXT_LIMIT = 500;
/** A protocol has a short name: a longer one would make a long text cost the square of its length. */
const CREDENTIALS = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]*@/gi;
const ASSIGNED =
  /\b(password|passwd|secret|token|api[-_]?key|authorization)(["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi;

/** A text without the credentials of URLs and the like. */
export function redactSecrets(text: string): string {
  return text.replace(CREDENTIALS, '$1[redacted]@').replace(ASSIGNED, '$1$2[redacted]');
}

/** The text of an error for a log line: on one line, cut, without secrets. */
export function redactText(text: string): string {
  const line = redactSecrets(text.slice(0, 4 * TEXT_LIMIT))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > TEXT_LIMIT ? `${line.slice(0, TEXT_LIMIT - 3)}...` : line;
}

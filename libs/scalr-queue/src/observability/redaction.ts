import { isSecretName, isSecretValue } from './secret-names.js';

export const MASK = '[redacted]';

const TEXT_LIMIT = 500;

// Every quantifier before a required character is bounded: text of any length is read in linear time.
/** `redis://user:password@host`; the password may hold an `@`. */
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>]{0,1024}@/gi;
/** The same with a `/`, `?` or `#` in the password, which is not a port. */
const ODD_URL_CREDENTIALS =
  /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@:"'<>]{0,128}:(?!\d{1,5}(?:[/?#]|$))[^\s@"'<>]{1,256}@/gi;
const PEM =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g;
const KNOWN_TOKENS = new RegExp(
  [
    String.raw`\beyJ[\w-]{5,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096})?`, // JSON Web Token
    String.raw`\b(?:sk|pk|rk)_(?:live|test)_\w{8,256}`, // Stripe
    String.raw`\bwhsec_[\w+/=-]{8,256}`,
    String.raw`\bgh[pousr]_\w{16,256}`, // GitHub
    String.raw`\bgithub_pat_\w{20,256}`,
    String.raw`\bglpat-[\w-]{16,256}`, // GitLab
    String.raw`\bxox[abeoprs]-[\w-]{8,256}`, // Slack
    String.raw`\bsk-[\w-]{20,256}`, // OpenAI, Anthropic
    String.raw`\bAIza[\w-]{30,64}`, // Google
    String.raw`\bya29\.[\w-]{16,512}`,
    String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`, // AWS
    String.raw`\bSG\.[\w-]{16,64}\.[\w-]{16,64}`, // SendGrid
    String.raw`\bnpm_[A-Za-z0-9]{30,64}`,
  ].join('|'),
  'g',
);
/** A scheme and its value without the name of the header; words such as "Bearer tokens" are prose. */
const BEARER = /\b(bearer\s{1,3})(?=[\w.~+/-]{0,512}[\d._~+/=])[\w.~+/-]{6,8192}=*/gi;
const BASIC = /\b([Bb]asic\s{1,3})(?=[A-Za-z0-9+/]{0,512}[\dA-Z+/=])[A-Za-z0-9+/]{12,8192}={0,2}/g;
/** `name=value`, `name: value`, `"name":"value"`, and the same within a string of JSON. */
const ASSIGNED =
  /(?<!\w)(?<!\bunexpected )([A-Za-z_][\w.-]{0,63})((?:\\{0,8}["'])?\s{0,8}(?:=>|[:=])\s{0,8})/gi;
/** `--password value`, `password 'value'`, `IDENTIFIED BY 'value'`, `HELLO 3 AUTH user value`. */
const FLAG = /(?<![\w-])(--?([A-Za-z][\w-]{0,63})\s{1,3})(?!-)[^\s"']{1,1024}/g;
const SPOKEN =
  /\b((?:password|passwd|passphrase|secret|api key|identified by)\s{1,3})(?:"[^"\n]{1,1024}"|'[^'\n]{1,1024}'|`[^`\n]{1,1024}`)/gi;
const REDIS_LOGIN =
  /\b(HELLO\s{1,3}\d\s{1,3}AUTH\s{1,3}|AUTH\s{1,3}(?=\S{1,256}\s{1,3}\S{1,256}$))\S{1,256}(?:\s{1,3}\S{1,256})?/gm;
const CARD = /(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-]|\.\d)/g;

/** Headers whose whole line is the secret. */
const WHOLE_LINE = /^(?:set-?)?cookies?$|authorization$/i;

/** The text without passwords, tokens, keys, cookies and card numbers. */
export function redactSecrets(text: string): string {
  return redactAssigned(
    text
      .replace(PEM, MASK)
      .replace(URL_CREDENTIALS, `$1${MASK}@`)
      .replace(ODD_URL_CREDENTIALS, `$1${MASK}@`)
      .replace(KNOWN_TOKENS, MASK)
      .replace(FLAG, (all, flag: string, name: string) => (isSecretName(name) ? `${flag}${MASK}` : all))
      .replace(SPOKEN, `$1${MASK}`)
      .replace(REDIS_LOGIN, `$1${MASK}`)
      .replace(CARD, (digits) => (isCardNumber(digits) ? MASK : digits)),
  )
    .replace(BEARER, `$1${MASK}`)
    .replace(BASIC, `$1${MASK}`);
}

/** The text of an error for a log line: on one line, cut, without secrets. */
export function redactText(text: string): string {
  const line = redactSecrets(text.slice(0, 4 * TEXT_LIMIT))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > TEXT_LIMIT ? `${line.slice(0, TEXT_LIMIT - 3)}...` : line;
}

function redactAssigned(text: string): string {
  let redacted = '';
  let copied = 0;
  ASSIGNED.lastIndex = 0;
  for (let match = ASSIGNED.exec(text); match; match = ASSIGNED.exec(text)) {
    const [, name = '', separator = ''] = match;
    // The part after the last dot, as in `config.db.password=`.
    if (!isSecretName(name.slice(name.lastIndexOf('.') + 1)) && !isSecretName(name)) {
      // A word before the colon is no name when the value is the next pair: `error: password=x`.
      continue;
    }
    const begin = match.index + match[0].length;
    const quote = /\\{0,8}["']/y;
    quote.lastIndex = begin;
    const [open = ''] = quote.exec(text) ?? [];
    const [from, end] = open
      ? [begin + open.length, endOfQuoted(text, begin + open.length, open)]
      : [begin, endOfBare(text, begin, WHOLE_LINE.test(name), separator)];
    const value = text.slice(from, end);
    if (value === '' || value.startsWith(MASK) || !isSecret(name, value)) continue;
    redacted += text.slice(copied, from) + MASK;
    copied = end;
    ASSIGNED.lastIndex = Math.max(end, ASSIGNED.lastIndex);
  }
  return redacted + text.slice(copied);
}

function isSecret(name: string, value: string): boolean {
  if (/^(?:true|false|null|undefined|none)$/i.test(value)) return false;
  return isSecretValue(name, /^\d{1,9}$/.test(value) ? Number(value) : value);
}

/** Until the quote of the same kind, or the end of the text where it was cut off. */
function endOfQuoted(text: string, from: number, open: string): number {
  for (let at = text.indexOf(open, from); at !== -1; at = text.indexOf(open, at + open.length)) {
    // A quote behind one more backslash belongs to the value.
    if (text[at - 1] !== '\\') return at;
  }
  return text.length;
}

function endOfBare(text: string, from: number, wholeLine: boolean, separator: string): number {
  const [first = ''] = text.slice(from, from + 1);
  if (first === '{' || first === '[') return endOfBlock(text, from);
  // Its parameters are quoted: all of the line belongs to it.
  if (wholeLine && /^digest\s/i.test(text.slice(from, from + 7))) return endOf(text, from, /[\n\r]|\\n/g);
  if (wholeLine && separator.includes(':')) return endOf(text, from, /[\n\r"'}]|\\["n]/g);
  if (wholeLine) {
    const scheme = /(?:bearer|basic|digest|token|negotiate|apikey)\s{1,3}/iy;
    scheme.lastIndex = from;
    return endOf(text, from + (scheme.exec(text)?.[0].length ?? 0), /[\s"',;&)\]}<>]/g);
  }
  return endOf(text, from, /[\s"',;&)\]}<>]|\\["n]/g);
}

/** The end of an object or array: where as many brackets are closed as were opened. */
function endOfBlock(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ('{['.includes(text[at]!)) depth++;
    else if ('}]'.includes(text[at]!) && --depth === 0) return at + 1;
  }
  return text.length;
}

function endOf(text: string, from: number, delimiter: RegExp): number {
  delimiter.lastIndex = from;
  return delimiter.exec(text)?.index ?? text.length;
}

/** By the check digit (Luhn, ISO/IEC 7812-1); other long numbers are ids and times. */
function isCardNumber(text: string): boolean {
  const digits = Array.from(text.replace(/\D/g, ''), Number);
  const sum = digits.toReversed().reduce((total, digit, place) => {
    const weighted = place % 2 === 1 ? digit * 2 : digit;
    return total + (weighted > 9 ? weighted - 9 : weighted);
  }, 0);
  return sum % 10 === 0 && new Set(digits).size > 1;
}

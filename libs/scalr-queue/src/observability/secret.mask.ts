import { redactSecrets, SECRET_FIELDS } from './redaction.js';

const MASK = '[redacted]';
const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
/** A log line holds no payload at all; inside of one a field that is called so is like any other. */
const SECRETS = SECRET_FIELDS.filter((name) => name !== 'payload').map(plain);

/** A value of JSON without secrets: fields that are called so, however they are spelled, and credentials inside of texts. */
export function mask(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : maskText(text);
}

/** The same of the text of a JSON value. */
export function maskText(json: string): unknown {
  return JSON.parse(json, (name: string, value: unknown) => {
    if (isSecret(name)) return MASK;
    return typeof value === 'string' ? redactSecrets(value) : value;
  });
}

/** `userPassword` and `API_KEY` are secrets as well; `pass` alone is, `compass` is not. */
function isSecret(name: string): boolean {
  const given = plain(name);
  return SECRETS.some((secret) => given === secret || (secret.length > 4 && given.endsWith(secret)));
}

import { redactSecrets, SECRET_FIELDS } from '../observability/redaction.js';
import type { DashboardJob, ScalrQueueDashboardOptions } from './dashboard.options.js';

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
/** A log line holds no payload at all; here a field that is called so is one like any other. */
const SECRETS = SECRET_FIELDS.filter((name) => name !== 'payload').map(plain);
const MASK = '[redacted]';

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

/** What the app's own hook shows of a payload, and then the same as of anything else. */
export function maskPayload(
  payload: unknown,
  job: DashboardJob,
  redact: ScalrQueueDashboardOptions['redact'],
): unknown {
  if (!redact) return mask(payload);
  try {
    const shown = redact(payload, job);
    if (shown instanceof Promise) {
      shown.catch(() => undefined);
      return '[redacted: the hook must not return a promise]';
    }
    return mask(shown);
  } catch {
    return '[redacted: the hook failed]';
  }
}

/** `userPassword` and `API_KEY` are secrets as well; `pass` alone is, `compass` is not. */
function isSecret(name: string): boolean {
  const given = plain(name);
  return SECRETS.some((secret) => given === secret || (secret.length > 4 && given.endsWith(secret)));
}

import type { JobInfo } from '../jobs/job-info.js';
import { redactText, SECRET_FIELDS } from '../observability/redaction.js';

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
/** In a log line a whole payload is a secret; inside of one a field of that name is like any other. */
const SECRETS = SECRET_FIELDS.filter((name) => name !== 'payload').map(plain);

/** A payload without its secrets: fields that are called so, however they are spelled, and credentials inside of texts. */
export function redacted(payload: unknown): unknown {
  const json = JSON.stringify(payload);
  if (json === undefined) return undefined;
  return JSON.parse(json, (name: string, value: unknown) => {
    if (isSecret(name)) return '[redacted]';
    return typeof value === 'string' && value.length <= 500 ? keepSpaces(value) : value;
  });
}

function isSecret(name: string): boolean {
  const given = plain(name);
  return SECRETS.some((secret) => given === secret || (secret.length > 4 && given.endsWith(secret)));
}

/** Texts stay as they are unless something in them is hidden. */
function keepSpaces(text: string): string {
  const hidden = redactText(text);
  return hidden.includes('[redacted]') ? hidden : text;
}

/** A text of several lines, such as a stack, each without its secrets. */
export function redactedStack(text: string): string {
  return text
    .split('\n')
    .map((line) => (/^\s*/.exec(line)?.[0] ?? '') + redactText(line))
    .join('\n');
}

/** A job for a list: without what it returned, and without the secrets of its error. */
export function redactedJob<J extends JobInfo>({ result: _result, ...job }: J): Omit<J, 'result'> {
  if (!job.error) return job;
  return { ...job, error: { ...job.error, message: redactedStack(job.error.message) } };
}

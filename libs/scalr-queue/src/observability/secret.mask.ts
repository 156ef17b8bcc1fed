import { MASK, redactSecrets } from './redaction.js';
import { isSecretName, isSecretValue } from './secret-names.js';

/** A value of JSON without secrets: fields named like one, in any spelling, and credentials within strings. */
export function mask(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : maskText(text);
}

/** The same for the text of a JSON value. */
export function maskText(json: string): unknown {
  return JSON.parse(json, (name: string, value: unknown) => {
    if (isSecretName(name) && isSecretValue(name, value)) return MASK;
    return typeof value === 'string' ? redactSecrets(value) : value;
  });
}

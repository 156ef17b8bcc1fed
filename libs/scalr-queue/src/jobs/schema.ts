import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PayloadInvalidError, type PayloadIssue } from '../errors/payload.errors.js';

/**
 * The output of a Standard Schema for a value; the value itself without a schema.
 * @throws PayloadInvalidError with the path and text of each complaint
 */
export function applySchema(subject: string, schema: StandardSchemaV1 | undefined, value: unknown): unknown {
  if (!schema) return value;
  const outcome = schema['~standard'].validate(value);
  return outcome instanceof Promise
    ? outcome.then((settled) => outputOf(subject, settled))
    : outputOf(subject, outcome);
}

function outputOf(subject: string, outcome: StandardSchemaV1.Result<unknown>): unknown {
  if (outcome.issues) throw new PayloadInvalidError(subject, outcome.issues.map(toIssue));
  return outcome.value;
}

function toIssue(issue: StandardSchemaV1.Issue): PayloadIssue {
  const keys = (issue.path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment));
  const path = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return { path: `$${path}`, message: issue.message };
}

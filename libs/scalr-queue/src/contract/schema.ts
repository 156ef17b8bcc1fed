import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PayloadInvalidError, type PayloadIssue } from './errors/payload.errors.js';
import { clip } from './option-checker.js';

const SHORTEST_SECRET = 4;

/**
 * The output of a Standard Schema for a value; the value itself without a schema.
 * @throws PayloadInvalidError with the path and text of each complaint
 */
export function applySchema(subject: string, schema: StandardSchemaV1 | undefined, value: unknown): unknown {
  if (!schema) return value;
  const outcome = schema['~standard'].validate(value);
  return outcome instanceof Promise
    ? outcome.then((settled) => outputOf(subject, settled, value))
    : outputOf(subject, outcome, value);
}

function outputOf(subject: string, outcome: StandardSchemaV1.Result<unknown>, value: unknown): unknown {
  if (!outcome.issues) return outcome.value;
  throw new PayloadInvalidError(
    subject,
    outcome.issues.map((issue) => toIssue(issue, value)),
  );
}

function toIssue(issue: StandardSchemaV1.Issue, value: unknown): PayloadIssue {
  const keys = (issue.path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment));
  const path = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${clip(String(key))}`)).join('');
  // What was received: valibot calls it `input`, arktype `data`; it may have been transformed since.
  const { input, data } = issue as { input?: unknown; data?: unknown };
  return { path: `$${path}`, message: hide(issue.message, [valueAt(value, keys), input, data]) };
}

/** Some schema libraries quote what they received; a message of ours must not. */
function hide(message: string, received: readonly unknown[]): string {
  const secrets = [...textsIn(received)].toSorted((a, b) => b.length - a.length);
  return secrets.reduce((text, secret) => text.replaceAll(secret, '(hidden)'), message);
}

/** How the texts and numbers inside a value look when quoted. Short bare ones tell nothing, and hiding them would garble the message. */
function textsIn(value: unknown, texts = new Set<string>(), seen = new Set<unknown>()): Set<string> {
  if (typeof value === 'string' && value !== '') texts.add(JSON.stringify(value)).add(`"${value}"`);
  if (['string', 'number', 'bigint'].includes(typeof value)) {
    const bare = String(value);
    if (bare.length >= SHORTEST_SECRET) texts.add(bare);
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return texts;
  seen.add(value);
  for (const inner of Object.values(value)) textsIn(inner, texts, seen);
  return texts;
}

function valueAt(value: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

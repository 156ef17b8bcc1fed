import type { AuditEntry } from '../contract/audit.js';
import { isJobDefinition } from '../contract/job-definition.js';
import { redactSecrets } from '../observability/redaction.js';

const MAX_LENGTH = 200;

/** What an act was meant for, in a form that may be kept: of payloads only the paths, of texts nothing that looks like a secret. */
export function actedOn(which: unknown): AuditEntry['what'] {
  if (typeof which === 'string') return { id: textOf(which) };
  const given = Object.entries(which ?? {}).filter(([, value]) => value !== undefined);
  if (given.length === 0) return { all: true };
  return Object.fromEntries(given.map(([name, value]) => [name, shortOf(name, value)]));
}

function shortOf(name: string, value: unknown): string | number | boolean {
  if (name === 'payload') return textOf(Object.keys(value ?? {}).join(', '));
  if (value instanceof Date) return value.toISOString();
  if (isJobDefinition(value)) return value.name;
  return typeof value === 'number' || typeof value === 'boolean' ? value : textOf(String(value));
}

function textOf(text: string): string {
  return redactSecrets(text).slice(0, MAX_LENGTH);
}

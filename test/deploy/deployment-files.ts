import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Service {
  image?: string;
  build?: unknown;
  command?: string[];
  container_name?: string;
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string | number>;
  healthcheck?: { test: string[] };
  init?: boolean;
  mem_limit?: string;
  networks?: string[];
  ports?: string[];
  profiles?: string[];
  pull_policy?: string;
  restart?: string;
  stop_grace_period?: string;
  volumes?: string[];
}

export interface ComposeFile {
  services: Record<string, Service>;
  networks: Record<string, { name?: string; external?: boolean }>;
  volumes: Record<string, { name?: string }>;
}

export interface Variable {
  value: string;
  /** The lines above it. */
  comment: string;
}

export const readRoot = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Removes one comment sign from each line of the worker stub: what an editor's "toggle comment" does. */
export function uncommentWorker(text: string): string {
  const stub = /^ {2}# worker:\n(?: {2}#.*\n)+/m;
  if (!stub.test(text)) throw new Error('docker-compose.yml has no worker stub');
  return text.replace(stub, (block) => block.replaceAll(/^ {2}# /gm, '  '));
}

/** Parses, then fills in `${NAME}` and `${NAME:-default}` (the forms in use) in each string: the order of Compose. */
export function loadCompose(text: string, env: Record<string, string> = {}): ComposeFile {
  const fill = (value: string) =>
    value.replaceAll(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback = '') => env[name] || fallback);
  const file: unknown = parse(text, (_, value: unknown) => (typeof value === 'string' ? fill(value) : value));
  return file as ComposeFile;
}

/** The instructions of the last stage; of a repeated one, the last. */
export function lastStage(dockerfile: string): Map<string, string> {
  const text = dockerfile.replaceAll(/^#.*\n/gm, '').replaceAll(/\\\n\s*/g, '');
  const stage = text.slice(text.lastIndexOf('\nFROM ') + 1);
  return new Map([...stage.matchAll(/^([A-Z]+) (.+)$/gm)].map(([, name, value]) => [name!, value!]));
}

/** Variables of an env file, those commented out as well. */
export function readEnvFile(text: string): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const paragraph of text.trim().split(/\n\n+/)) {
    const [, comment, name, value] = /^([^]*\n)(?:# )?([A-Z_]+)=(.*)$/.exec(paragraph) ?? [];
    if (name) variables.set(name, { value: value!, comment: comment! });
  }
  return variables;
}

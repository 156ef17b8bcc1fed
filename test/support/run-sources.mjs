// Preloaded into a process of node: what a command preloads there is found as its source, where nothing was built.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  const source = specifier.replace(/\.js$/, '.ts');
  const isThere = (url) => existsSync(fileURLToPath(url));
  if (!specifier.startsWith('file:') || isThere(specifier) || !isThere(source))
    return next(specifier, context);
  return { url: source, format: 'module', shortCircuit: true };
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  // It has no types: nothing has to be taken out of it.
  return { format: 'module', source: await readFile(fileURLToPath(url)), shortCircuit: true };
}

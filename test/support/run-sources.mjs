// Preloaded into a process of node: it finds the sources of the library where it is told to run what a build makes of them.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  if (!/^file:.*\.js$/.test(specifier) || existsSync(fileURLToPath(specifier)))
    return next(specifier, context);
  const source = specifier.replace(/\.js$/, '.ts');
  return existsSync(fileURLToPath(source))
    ? { url: source, format: 'module', shortCircuit: true }
    : next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { default: ts } = await import('typescript');
  const text = await readFile(fileURLToPath(url), 'utf8');
  const { outputText: source } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  return { format: 'module', source, shortCircuit: true };
}

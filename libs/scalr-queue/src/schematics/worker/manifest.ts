import { readFileSync } from 'node:fs';
import type { Manifest, Project } from '../project/project.js';

/** Peers that a Nest app does not have from the start. */
const PEERS = ['@nestjs/bullmq', '@nestjs/terminus'];

/** Adds the scripts and what must be installed; what is there stays. Returns the names of what `npm install` has to fetch. */
export function completeManifest(project: Project, scripts: Record<string, string>): string[] {
  const own = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as Manifest & { version: string; peerDependencies: Record<string, string> };
  const missing = [...PEERS, 'scalr-queue'].filter((name) => !project.has(name));
  const added = Object.fromEntries(
    missing.map((name) => [name, own.peerDependencies[name] ?? `^${own.version}`]),
  );
  project.edit('package.json', (text) => {
    const manifest = JSON.parse(text) as Manifest;
    const changed = {
      ...manifest,
      scripts: { ...manifest.scripts, ...without(scripts, manifest.scripts) },
      dependencies: missing.length ? sorted({ ...manifest.dependencies, ...added }) : manifest.dependencies,
    };
    if (JSON.stringify(changed) === JSON.stringify(manifest)) return text;
    const indent = /^[ \t]+/m.exec(text)?.[0] ?? '  ';
    return JSON.stringify(changed, null, indent) + (text.endsWith('\n') ? '\n' : '');
  });
  return missing;
}

function without<T>(given: Record<string, T>, present: Record<string, T> = {}): Record<string, T> {
  return Object.fromEntries(Object.entries(given).filter(([key]) => !(key in present)));
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

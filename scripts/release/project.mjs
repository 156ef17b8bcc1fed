// @ts-check
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DEADLINE = 180_000;

/** @param {string[]} args @param {string} cwd @param {number} [timeout] */
export function npm(args, cwd, timeout = DEADLINE) {
  const env = { ...process.env, npm_config_local_prefix: undefined, npm_config_workspace: undefined };
  return execFileSync('npm', ['--loglevel=error', ...args], {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout,
  });
}

/** Packs the library, as it is built in `dist`. @param {string} dir @returns {{ file: string, paths: string[] }} */
export function pack(dir) {
  const parsed = JSON.parse(
    npm(['pack', '-w', 'scalr-queue', '--json', '--ignore-scripts', '--pack-destination', dir], '.'),
  );
  const [packed] = Object.values(parsed);
  return {
    file: join(dir, packed.filename),
    paths: packed.files.map((/** @type {{ path: string }} */ { path }) => path),
  };
}

/** A new project with these packages, under no workspace. @param {string} dir @param {string[]} packages */
export function install(dir, packages) {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }');
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], dir);
}

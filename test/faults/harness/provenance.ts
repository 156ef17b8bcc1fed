import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findRedisServer } from '../../../scripts/redis/find.mjs';

/** Of what, and where, a result was measured. */
export interface Provenance {
  readonly commit: string;
  /** Whether files differed from that commit. */
  readonly dirty: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
let known: Promise<Provenance> | undefined;

/** The same for every result of a process: taken at the first one. */
export function provenance(): Promise<Provenance> {
  return (known ??= look());
}

async function look(): Promise<Provenance> {
  const [processor] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    commit: git('rev-parse', 'HEAD') || 'unknown',
    dirty: git('status', '--porcelain') !== '',
    versions: {
      Node: process.versions.node,
      Redis: await redisVersion(),
      BullMQ: versionOf('bullmq'),
      ioredis: versionOf('ioredis'),
      'scalr-queue': versionOf('scalr-queue'),
    },
    machine: `${cpus().length} cores (${processor?.model.trim()}), ${memory} GiB, ${process.platform}`,
  };
}

/** What git prints; nothing where this is no checkout. */
function git(...args: string[]): string {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

async function redisVersion(): Promise<string> {
  const given = process.env['SCALR_TEST_REDIS_SERVER'];
  const libraries = process.env['SCALR_TEST_REDIS_LD_PATH'];
  const env = libraries ? { ...process.env, LD_LIBRARY_PATH: libraries } : process.env;
  const found = given ? { server: given, env } : await findRedisServer();
  if (!found) return 'unknown';
  const text = execFileSync(found.server, ['--version'], { env: found.env, encoding: 'utf8' });
  return /v=(\S+)/.exec(text)?.[1] ?? 'unknown';
}

function versionOf(name: string): string {
  const text = readFileSync(`${root}node_modules/${name}/package.json`, 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

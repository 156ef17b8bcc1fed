import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { aclUsers } from '../../libs/scalr-queue/src/engine/redis/preflight/acl-block.js';
import { readRoot } from './deployment-files.js';

/** The commands that SECURITY.md grants to a user. */
function granted(user: string): Set<string> {
  const [line = ''] = new RegExp(`^user ${user} .*$`, 'm').exec(readRoot('SECURITY.md')) ?? [];
  expect(line).toContain(' resetkeys ~scalr:{billing}:* resetchannels -@all +');
  return new Set([...line.matchAll(/ \+(\S+)/g)].map(([, command]) => command!));
}

const engine = join(dirname(createRequire(import.meta.url).resolve('bullmq')), 'scripts');
const scripts = readdirSync(engine).filter((name) => /-\d+\.js$/.test(name));

/** The commands in the engine's scripts of these names, with those that it pushes by way of a variable. */
function calledBy(names: RegExp): string[] {
  const texts = scripts
    .filter((name) => names.test(name))
    .map((name) => readFileSync(join(engine, name), 'utf8'));
  expect(texts).not.toEqual([]);
  const calls = texts.flatMap((text) => [...text.matchAll(/call\(\s*["'](\w+)["']/gi)]);
  return [...new Set(['lpush', 'rpush', ...calls.map(([, command]) => command!.toLowerCase())])];
}

/** The names that do not begin so. */
const without = (names: RegExp) => new RegExp(`^(?!${names.source.slice(2, -1)})`);

const missing = (user: string, commands: string[]) =>
  commands.filter((command) => !granted(user).has(command));

/** What only a worker does: the rest is open to any process of the app. */
const WORKER_SCRIPTS =
  /^(moveTo|moveJobFromActive|moveStalled|extendLock|retryJob|releaseLock|updateJobScheduler|isMaxed|drain)/;
/** Features of the engine that the library does not have. */
const UNUSED_SCRIPTS = /^(relay|obliterate|paginate)/;

/** The commands in the scripts of the library itself, in these files. */
function calledByOurs(takes: (path: string) => boolean): string[] {
  const source = 'libs/scalr-queue/src';
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?<!spec)\.ts$/.test(path) && !path.startsWith('engine/redis/survey') && takes(path))
    .map((path) => readFileSync(join(source, path), 'utf8'));
  const calls = files.flatMap((text) => [...text.matchAll(/\bp?call\(\s*["'](\w+)["']/g)]);
  return [...new Set(calls.map(([, command]) => command!.toLowerCase()))];
}

describe('the Redis users of SECURITY.md', () => {
  it('are made of the one table in the code: paste what `scalr-queue acl --app billing` prints', () => {
    const lines = aclUsers('billing').map(({ line }) => line);
    expect(readRoot('SECURITY.md')).toContain(`\`\`\`\n${lines.join('\n')}\n\`\`\`\n`);
  });

  it('let an app run every script of the engine, but those of features that the library does not have', () => {
    expect(missing('billing', calledBy(without(UNUSED_SCRIPTS)))).toEqual([]);
  });

  it('let a process that runs no jobs do all the rest', () => {
    const names = new RegExp(`${without(UNUSED_SCRIPTS).source}${without(WORKER_SCRIPTS).source.slice(1)}`);
    expect(missing('billing-enqueue', calledBy(names))).toEqual([]);
  });

  it('let each run the scripts of the library itself', () => {
    const ours = calledByOurs((path) => !path.startsWith('engine/redis/scripts/worker/'));
    expect(ours.length).toBeGreaterThan(20);
    expect(missing('billing-enqueue', ours)).toEqual([]);
    expect(
      missing(
        'billing',
        calledByOurs(() => true),
      ),
    ).toEqual([]);
  });

  it.each(['billing', 'billing-enqueue'])('give %s no command that reaches other apps', (user) => {
    const reaching = [
      '@all',
      'client',
      'client|kill',
      'config',
      'flushall',
      'flushdb',
      'keys',
      'scan',
      'script',
      'monitor',
    ];
    expect(reaching.filter((command) => granted(user).has(command))).toEqual([]);
  });
});

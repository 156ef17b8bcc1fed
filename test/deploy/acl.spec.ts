import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
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

const missing = (user: string, commands: string[]) =>
  commands.filter((command) => !granted(user).has(command));

describe('the Redis users of SECURITY.md', () => {
  it('let an app run every script of the engine, but those of features that the library does not have', () => {
    expect(missing('billing', calledBy(/^(?!relay|obliterate|paginate)/))).toEqual([]);
  });

  it('let a process that only enqueues add jobs and look at them', () => {
    expect(missing('billing-enqueue', calledBy(/^(add(Standard|Delayed|Prioritized)Job|getState)/))).toEqual(
      [],
    );
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

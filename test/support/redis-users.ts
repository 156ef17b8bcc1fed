import { onTestFinished } from 'vitest';
import { readRoot } from '../deploy/deployment-files.js';
import { RedisServer } from './redis.js';

const PASSWORD = 'a-password-of-the-tests';
const PLACEHOLDER = '#<SHA-256 of the password>';

/** The block of SECURITY.md as it is written there. */
export function documentedUsers(): string[] {
  const [block = ''] = /(?<=```\n)user default [^`]*(?=\n```)/.exec(readRoot('SECURITY.md')) ?? [];
  return block.split('\n');
}

/** The user of the console as it is written there: its line, or the words for `ACL SETUSER`. */
export function documentedConsole(form: 'line'): string;
export function documentedConsole(): string[];
export function documentedConsole(form?: 'line'): string | string[] {
  const [line = ''] = /(?<=```\n)user console [^\n]*/.exec(readRoot('SECURITY.md')) ?? [];
  return form === 'line' ? line : line.replace(PLACEHOLDER, `>${PASSWORD}`).split(' ').slice(1);
}

/** A Redis with the users of the document for these apps, and the commands that it refused so far. */
export async function startRedisWithUsers(...apps: string[]) {
  const [health, operator, ...users] = documentedUsers();
  const lines = [
    health!,
    operator!,
    ...apps.flatMap((app) => users.map((line) => line.replaceAll('billing', app))),
  ];
  const redis = await RedisServer.start({
    acl: lines.map((line) => line.replace(PLACEHOLDER, `>${PASSWORD}`)),
  });
  onTestFinished(() => redis.stop());
  const as = (user: string) => redis.url.replace('redis://', `redis://${user}:${PASSWORD}@`);
  const asOperator = (...args: string[]) => redis.cli('--no-auth-warning', '-u', as('operator'), ...args);
  const refused = async () => {
    const log = (await asOperator('ACL', 'LOG', '128')).split('\n');
    const of = (name: string) => log.flatMap((line, at) => (line === name ? [log[at + 1]!] : []));
    const users = of('username');
    // Whoever starts the server asks it, as nobody, whether it is up.
    return of('object').flatMap((command, at) =>
      users[at] === 'default' ? [] : [`${users[at]} ${command}`],
    );
  };
  return { redis, as, asOperator, refused };
}

import type { ProcessRole } from '../../finding.js';
import { COMMANDS_OF, CONSOLE, type RedisCommand } from './redis-commands.js';

/** A user of Redis for a role, as a line of an ACL file. */
export interface AclUser {
  readonly name: string;
  readonly role: 'health' | 'operator' | 'console' | ProcessRole;
  readonly line: string;
}

const PASSWORD = '#<SHA-256 of the password>';

/** The users of a Redis that apps share: one that can only ping, one for the operator, and two of the given app. */
export function aclUsers(app: string): AclUser[] {
  return [
    {
      name: 'default',
      role: 'health',
      line: 'user default on nopass resetkeys resetchannels -@all +ping',
    },
    { name: 'operator', role: 'operator', line: `user operator on ${PASSWORD} ~* &* +@all` },
    userOf(app, app, 'worker'),
    userOf(app, `${app}-enqueue`, 'producer'),
  ];
}

/** The user of the console: reads the keys of all apps, and writes none. Redis before 7 does not know such a limit. */
export function consoleUser(): AclUser {
  const limits = `resetkeys %R~scalr:* resetchannels -@all ${grantsOf(CONSOLE)}`;
  return { name: 'console', role: 'console', line: `user console on ${PASSWORD} ${limits}` };
}

const grantsOf = (commands: readonly RedisCommand[]): string =>
  commands
    .map(({ name }) => `+${name}`)
    .toSorted()
    .join(' ');

/** Held to the keys of the app and to the commands of the role: a limit on keys alone stops neither FLUSHALL nor CONFIG. */
function userOf(app: string, name: string, role: ProcessRole): AclUser {
  const limits = `resetkeys ~scalr:{${app}}:* resetchannels -@all ${grantsOf(COMMANDS_OF[role])}`;
  return { name, role, line: `user ${name} on ${PASSWORD} ${limits}` };
}

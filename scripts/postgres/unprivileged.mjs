// @ts-check
import { readFileSync } from 'node:fs';
import { which } from '../redis/find.mjs';

/**
 * How to run a command that refuses to be root: as it is by anybody else; by root as the user `postgres` or `nobody`. That user keeps
 * the right to walk through folders of root, as the project and the folder of the data may be below one of them.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {{ command: string, args: string[] }}
 */
export function unprivileged(command, args) {
  if (process.getuid?.() !== 0) return { command, args };
  const setpriv = which('setpriv');
  if (!setpriv) throw new Error('it does not run as root, and there is no setpriv to be another user');
  const { uid, gid } = anotherUser();
  const kept = '+dac_override';
  const become = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const mayWalk = [`--inh-caps=${kept}`, `--ambient-caps=${kept}`, `--bounding-set=-all,${kept}`];
  return { command: setpriv, args: [...become, ...mayWalk, '--', command, ...args] };
}

/** One that the system knows by name, which initdb asks for. */
function anotherUser() {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const wanted of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${wanted}:`))?.split(':') ?? [];
    if (uid && gid) return { uid, gid };
  }
  throw new Error('it does not run as root, and the system has neither a user postgres nor nobody');
}

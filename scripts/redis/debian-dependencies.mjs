// @ts-check
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const wanted = ['redis-server', 'redis-tools'];
const relationsOtherThanDepends = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];

/**
 * Redis and the libraries it needs that this system lacks. What is installed stays as it is:
 * a second libc beside the system's would break every process that sees both.
 *
 * @param {(tool: string, ...args: string[]) => Promise<string>} apt
 */
export async function missingPackages(apt) {
  const missing = new Set(wanted);
  for (const name of missing) {
    const report = await apt(
      'apt-cache',
      'depends',
      ...relationsOtherThanDepends.map((it) => `--no-${it}`),
      name,
    );
    for (const dependency of parseDepends(report)) {
      if (!missing.has(dependency) && !(await isInstalled(dependency))) missing.add(dependency);
    }
  }
  return [...missing];
}

/**
 * Reads `apt-cache depends`. Of alternatives ("|Depends") the first is taken; virtual packages
 * ("<name>") have no file to fetch.
 *
 * @param {string} report
 * @returns {string[]}
 */
export function parseDepends(report) {
  /** @type {string[]} */
  const names = [];
  let isAlternative = false;
  for (const line of report.split('\n')) {
    const [, bar, name] = /^ ([ |])(?:Pre)?Depends: (\S+)$/.exec(line) ?? [];
    if (!name) continue;
    if (!isAlternative && !name.startsWith('<')) names.push(name);
    isAlternative = bar === '|';
  }
  return names;
}

/** @param {string} name */
async function isInstalled(name) {
  const query = run('dpkg-query', ['-W', '-f', '${Status}', name]);
  return query.then(
    ({ stdout }) => stdout.includes('ok installed'),
    () => false,
  );
}

// @ts-check
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const relationsOtherThanDepends = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];

/** Redis and the libraries that it needs. @param {import('./debian-package.mjs').Apt} apt */
export const missingPackages = (apt) => withMissing(apt, ['redis-server', 'redis-tools']);

/**
 * Packages and what they need that this system lacks. What is installed stays as it is:
 * a second libc beside the system's would break every process that sees both.
 *
 * @param {import('./debian-package.mjs').Apt} apt
 * @param {readonly string[]} wanted
 * @param {(name: string) => boolean} [isNeeded] which of their dependencies to take at all
 */
export async function withMissing(apt, wanted, isNeeded = () => true) {
  const missing = new Set(wanted);
  // A generation at a time: apt reads all its lists for each question.
  for (let added = [...wanted]; added.length > 0;) {
    const dependencies = (await dependenciesOf(apt, ...added)).filter(isNeeded);
    const unknown = [...new Set(dependencies)].filter((name) => !missing.has(name));
    const installed = await Promise.all(unknown.map(isInstalled));
    added = unknown.filter((_, index) => !installed[index]);
    for (const name of added) missing.add(name);
  }
  return [...missing];
}

/** @param {import('./debian-package.mjs').Apt} apt @param {string[]} names of packages */
export async function dependenciesOf(apt, ...names) {
  const others = relationsOtherThanDepends.map((relation) => `--no-${relation}`);
  return parseDepends(await apt('apt-cache', 'depends', ...others, ...names));
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

// @ts-check
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Debian's own, where its packages are: another may come first on PATH. */
const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('side_process.py', import.meta.url));

/** What starts `side_process.py`, without its arguments; it leaves no `__pycache__`. */
export const pythonCommand = [python, '-B', '-W', 'ignore', script];

/** Of a package that can be imported, with the client of Redis that it needs. @param {string} name */
export function pythonVersionOf(name) {
  try {
    const print = `import redis, ${name}; print(${name}.__version__)`;
    return execFileSync(python, ['-c', print], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

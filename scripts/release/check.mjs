// @ts-check
/** `npm run release:check` after a build: what must hold of the package before it is published. Prints its size. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, pack } from './project.mjs';

const LICENSES =
  'MIT;ISC;Apache-2.0;BSD-2-Clause;BSD-3-Clause;0BSD;BlueOak-1.0.0;Unlicense;MIT OR Apache-2.0;Python-2.0';
const BUILT = /^(?:dist\/(?!.*\.spec\.).*(?:\.js|\.d\.ts)|dist\/cjs\/package\.json|schematics\/[^/]+\.json)$/;
const PEERS = ['@nestjs/bullmq', '@nestjs/common', '@nestjs/core', '@nestjs/terminus'];

const dir = mkdtempSync(join(tmpdir(), 'scalr-release-'));
try {
  step('no file, export or dependency that nothing uses', 'knip', []);
  soak();
  step('publint', 'publint', ['libs/scalr-queue', '--strict']);
  const { file, paths } = pack(dir);
  step('the types, for every way to import', 'attw', [file]);
  const own = [
    'LICENSE',
    'README.md',
    'package.json',
    ...['collection.json', 'job.schema.json', 'worker.schema.json'].map((file) => `schematics/${file}`),
  ];
  const wrong = paths.filter((path) => !own.includes(path) && !BUILT.test(path));
  const missing = own.filter((path) => !paths.includes(path));
  if (wrong.length + missing.length > 0)
    throw new Error(`in the tarball: ${wrong.join(', ')}; missing: ${missing.join(', ')}`);
  console.log(`ok  contents of the tarball: ${paths.length} files`);

  const project = join(dir, 'project');
  install(project, [file, ...PEERS.map((name) => `${name}@12`), 'reflect-metadata@0.2', 'rxjs@7']);
  step('licences of everything that it installs', 'license-checker-rseidelsohn', [
    '--start', project, '--production', '--excludePrivatePackages', '--onlyAllow', LICENSES, '--summary',
  ]); // prettier-ignore
  const size = (/** @type {string} */ path) =>
    execFileSync('du', ['-sk', path], { encoding: 'utf8' }).split('\t')[0];
  const lock = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'));
  const count = Object.keys(lock.packages).length;
  console.log(`    installed: scalr-queue alone ${size(join(project, 'node_modules/scalr-queue'))} KiB,`);
  console.log(
    `    with Nest and all that both need ${size(join(project, 'node_modules'))} KiB in ${count} packages`,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** Three times as long as in `npm test`, with other random numbers each time: its output names them. */
function soak() {
  execFileSync(process.execPath, ['test/faults/soak.mjs', '--minutes', '1.5'], { stdio: 'inherit' });
  console.log('ok  90 s of chaos');
}

/** @param {string} what @param {string} bin @param {string[]} args */
function step(what, bin, args) {
  try {
    execFileSync(join('node_modules/.bin', bin), args, { encoding: 'utf8', stdio: 'pipe' });
    console.log(`ok  ${what}`);
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    throw new Error(`${what}: ${stdout}${stderr}`, { cause: error });
  }
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from '../../test/support/eventually.js';
import { showProgress, wantedPackages } from './install-progress.mjs';

function workspace() {
  const root = mkdtempSync(join(tmpdir(), 'scalr-install-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const packages = {
    '': {},
    'libs/scalr-queue': {},
    'node_modules/scalr-queue': { link: true },
    'node_modules/ms': {},
    'node_modules/bullmq': {},
    'node_modules/bullmq/node_modules/ms': {},
    'node_modules/of-this-machine': { os: [process.platform], cpu: [process.arch] },
    'node_modules/of-another': { os: ['plan9'] },
    'node_modules/of-another-core': { os: [process.platform], cpu: ['pdp11'] },
  };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
  return root;
}

it('counts the packages that are for this machine', () => {
  expect(wantedPackages(workspace())).toEqual([
    'node_modules/ms',
    'node_modules/bullmq',
    'node_modules/bullmq/node_modules/ms',
    'node_modules/of-this-machine',
  ]);
});

it('says how many of them are there, until it is ended', async () => {
  const root = workspace();
  const lines: string[] = [];
  const end = showProgress(root, (line) => lines.push(line), 5);
  onTestFinished(end);
  await eventually(() => expect(lines.at(-1)).toMatch(/^ {2}0 of 4 packages after \d+ s$/));
  mkdirSync(join(root, 'node_modules/ms'), { recursive: true });
  writeFileSync(join(root, 'node_modules/ms/package.json'), '{}');
  await eventually(() => expect(lines.at(-1)).toMatch(/^ {2}1 of 4 packages/));
});

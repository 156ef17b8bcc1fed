import { readFileSync } from 'node:fs';
import { LIBRARY_VERSION } from './library-version.js';

it('is the version of the package', () => {
  const { version } = JSON.parse(readFileSync('libs/scalr-queue/package.json', 'utf8')) as {
    version: string;
  };
  expect(LIBRARY_VERSION).toBe(version);
});

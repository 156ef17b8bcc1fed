// @ts-check
import { join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { violations } from './imports.mjs';

const found = violations(join(root, 'libs/scalr-queue/src'));
for (const one of found) console.error(one);
if (found.length > 0) process.exitCode = 1;

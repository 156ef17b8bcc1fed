// @ts-check
import { join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { violations } from './imports.mjs';
import { badHeaders } from './script-headers.mjs';

const sources = join(root, 'libs/scalr-queue/src');
const found = [...violations(sources), ...badHeaders(join(sources, 'engine/redis/scripts'))];
for (const one of found) console.error(one);
if (found.length > 0) process.exitCode = 1;

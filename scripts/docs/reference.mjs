// @ts-check
/** `npm run docs:reference`: the pages of docs/reference, from the types and the errors of the library. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { referencePages } from './pages.mjs';

for (const [path, text] of await referencePages()) {
  await writeFile(join(root, path), text);
  console.log(path);
}

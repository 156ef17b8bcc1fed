// @ts-check
import { join } from 'node:path';
import prettier from 'prettier';
import { root } from '../workspace/root.mjs';
import { configurationPage } from './configuration.mjs';
import { errorsPage } from './errors.mjs';
import { PublicApi } from './public-api.mjs';

/** Each generated page by its path. @returns {Promise<Map<string, string>>} */
export async function referencePages(api = new PublicApi()) {
  const pages = new Map([
    ['docs/reference/configuration.md', configurationPage(api)],
    ['docs/reference/errors.md', errorsPage(api)],
  ]);
  for (const [path, text] of pages) {
    const options = await prettier.resolveConfig(join(root, path));
    pages.set(path, await prettier.format(text, { ...options, parser: 'markdown' }));
  }
  return pages;
}

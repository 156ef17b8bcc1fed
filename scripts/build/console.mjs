// @ts-check
/**
 * Part of `npm run build`, after `library.mjs`: the page of the console, for browsers. Its files are in `dist/console/page`, with a digest in the name
 * of each, so that browsers keep them; who installs the package builds nothing, and nothing of it is loaded by node.
 */
import { join, resolve } from 'node:path';
import { build } from 'vite';

const LIBRARY = resolve('libs/scalr-queue');

await build({
  configFile: false,
  logLevel: 'warn',
  root: join(LIBRARY, 'console'),
  base: './',
  publicDir: false,
  build: {
    outDir: join(LIBRARY, 'dist/console/page'),
    emptyOutDir: true,
    // All files beside the page, and none within it: its policy allows nothing inline.
    assetsDir: '',
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
  },
});

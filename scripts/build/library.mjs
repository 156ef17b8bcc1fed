// @ts-check
/**
 * Part of `npm run build`, after `commonjs.mjs`: the entry points of the library become a few files, for node reads one large file faster than
 * 300 small ones. What several of them share, or load late, lies in `dist/chunks`; packages stay outside. The command line and the generator
 * are programs of their own and go on with the files of the compiler, of which most commands read few; so do the types.
 */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const LIBRARY = resolve('libs/scalr-queue');
const dist = join(LIBRARY, 'dist');
const out = join(LIBRARY, '.bundle');

await build({
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  ssr: { target: 'node', external: true },
  build: {
    ssr: true,
    outDir: out,
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(entries().map((path) => [path.replace(/\.js$/, ''), join(dist, path)])),
      external: (id) => !id.startsWith('.') && !id.startsWith('/'),
      // What a module does when it is loaded is part of it.
      treeshake: false,
      output: {
        format: 'esm',
        keepNames: true,
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
      },
    },
  },
});
cpSync(out, dist, { recursive: true });
rmSync(out, { recursive: true });

/** What the manifest names, as paths in `dist`. @returns {string[]} */
function entries() {
  /** @type {Record<string, { import: { default: string } } | string>} */
  const entries = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8')).exports;
  return Object.values(entries).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.import.default.replace('./dist/', '')],
  );
}

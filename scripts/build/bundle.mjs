// @ts-check
/**
 * The last step of `npm run build`: what `nest build` has made of web, worker and threads becomes a few files, with all that they import
 * at their start. Reading more than a thousand files is most of what a start costs otherwise. It works on what the compiler
 * has built, so the metadata of decorators is in it, and replaces it at the same paths: all that runs `dist/main.js` goes on as
 * it is, and without this step too.
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'vite';

const dist = resolve('dist');
/** Packages that are loaded as they are: at their first use, or because they look for files of their own. */
const EXTERNAL = [
  '@bull-board',
  '@opentelemetry',
  'pg',
  'pino',
  'pino-http',
  'pino-pretty',
  'piscina',
  'prom-client',
];

/** As the option `thread` of a handler names its file. */
const THREAD = /new URL\((['"])(\.[^'"]+\.thread\.js)\1, import\.meta\.url\)/g;

/** As deep as what it becomes: source maps name the sources by the way to them. */
const out = resolve('.bundle');
/** Stands for the way to the folder of everything, until it is known where the code that wants to know it lies. */
const PLACE = 'thread-in:';

await build({
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  plugins: [compiled(), threads()],
  ssr: { target: 'node', noExternal: true, external: EXTERNAL },
  build: {
    ssr: true,
    outDir: out,
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: { main: join(dist, 'main.js'), 'main.worker': join(dist, 'main.worker.js') },
      external: EXTERNAL.map((name) => new RegExp(`^${name}(/|$)`)),
      output: {
        format: 'esm',
        keepNames: true,
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
      },
    },
  },
});
rmSync(dist, { recursive: true });
renameSync(out, dist);

/** Follows the source maps of the compiler, so that stack traces name the TypeScript files. @returns {import('vite').Plugin} */
function compiled() {
  return {
    name: 'compiled',
    load(id) {
      if (!id.startsWith(dist) || !existsSync(`${id}.map`)) return undefined;
      const map = JSON.parse(readFileSync(`${id}.map`, 'utf8'));
      map.sources = map.sources.map((/** @type {string} */ source) => resolve(dirname(id), source));
      return { code: readFileSync(id, 'utf8'), map };
    },
  };
}

/** Files of threads are entries of their own, at the path that they had. @returns {import('vite').Plugin} */
function threads() {
  return {
    name: 'threads',
    transform(code, id) {
      if (!id.startsWith(dist) || !code.includes('.thread.js')) return undefined;
      const moved = code.replaceAll(THREAD, (_, _quote, path) => {
        const file = resolve(dirname(id), path);
        const fileName = relative(dist, file);
        this.emitFile({ type: 'chunk', id: file, name: basename(file, '.js'), fileName });
        return `new URL(${JSON.stringify(PLACE + fileName)}, import.meta.url)`;
      });
      // No line has moved.
      return { code: moved, map: null };
    },
    renderChunk(code, chunk) {
      if (!code.includes(PLACE)) return undefined;
      const toRoot = relative(dirname(chunk.fileName), '.');
      return { code: code.replaceAll(PLACE, toRoot === '' ? './' : `${toRoot}/`), map: null };
    },
  };
}

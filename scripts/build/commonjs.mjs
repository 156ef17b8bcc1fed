// @ts-check
/**
 * Part of `npm run build`: the entry points of the library as CommonJS, for Jest and other programs that cannot `require` an ES module.
 * Made of what tsc has built, so both do the same: `dist/cjs` gets the files that the entry points load, and their types.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const LIBRARY = 'libs/scalr-queue';
const dist = resolve(LIBRARY, 'dist');
const target = join(dist, 'cjs');
const RELATIVE = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)\.js['"]/g;
const compilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2023,
  esModuleInterop: true,
  allowJs: true,
};

rmSync(target, { recursive: true, force: true });
for (const file of reachable('.js')) write(file, toCommonJs(file, readFileSync(file, 'utf8')));
for (const file of reachable('.d.ts')) write(file, readFileSync(file, 'utf8'));
write(join(dist, 'package.json'), '{ "type": "commonjs" }\n');

/** The files with this suffix that the entry points load, themselves included. @param {string} suffix */
function reachable(suffix) {
  /** @type {Record<string, { import: { default: string } } | string>} */
  const entries = JSON.parse(readFileSync(join(LIBRARY, 'package.json'), 'utf8')).exports;
  const found = new Set(
    Object.values(entries).flatMap((entry) =>
      typeof entry === 'string' ? [] : [resolve(LIBRARY, entry.import.default.replace(/\.js$/, suffix))],
    ),
  );
  for (const file of found)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(RELATIVE)) {
      const other = resolve(dirname(file), `${path}${suffix}`);
      // An example in a comment names a file that is not there.
      if (existsSync(other)) found.add(other);
    }
  return found;
}

/** @param {string} file @param {string} text */
function toCommonJs(file, text) {
  const transformers = { before: [ownUrl] };
  return ts.transpileModule(text, { fileName: file, compilerOptions, transformers }).outputText;
}

/** Puts what CommonJS has in the place of `import.meta.url`. @type {ts.TransformerFactory<ts.SourceFile>} */
function ownUrl(context) {
  const { factory } = context;
  /** @type {ts.Visitor} */
  const visit = (node) => {
    if (!ts.isMetaProperty(node) || node.keywordToken !== ts.SyntaxKind.ImportKeyword)
      return ts.visitEachChild(node, visit, context);
    const url = factory.createIdentifier("require('node:url').pathToFileURL(__filename).href");
    // `import.meta` becomes an object with what is used of it.
    return factory.createParenthesizedExpression(
      factory.createObjectLiteralExpression([factory.createPropertyAssignment('url', url)]),
    );
  };
  return (file) => ts.visitEachChild(file, visit, context);
}

/** @param {string} file @param {string} text */
function write(file, text) {
  const path = join(target, relative(dist, file));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

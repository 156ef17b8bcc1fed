import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Pages whose samples leave things out say so in this words. */
const FRAGMENTS = '<!-- The samples of this page are fragments. -->';
const FILE_LINE = /^\/\/ ([\w./-]+\.tsx?)(?:\s*:.*|,.*)?$/;

const MODULE_NOT_FOUND = 2307;

/** One file that a page shows. */
export interface Sample {
  readonly page: string;
  /** As the page names it. */
  readonly file: string;
  readonly text: string;
}

/** All pages of documentation. */
export function pages(): string[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  return ['README.md', ...inDocs.filter((path) => path.endsWith('.md')).map((path) => join('docs', path))];
}

/** The files that a page shows whole: they begin with a comment that holds their path. */
export function samplesOf(page: string): Sample[] {
  const text = readFileSync(join(root, page), 'utf8');
  if (text.includes(FRAGMENTS)) return [];
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => filesOf(page, block));
}

function filesOf(page: string, block: string): Sample[] {
  const files: { file: string; lines: string[] }[] = [];
  for (const line of block.split('\n')) {
    const file = FILE_LINE.exec(line)?.[1];
    if (file) files.push({ file, lines: [] });
    else if (files.length === 0) return [];
    else files.at(-1)!.lines.push(line);
  }
  return files.map(({ file, lines }) => ({ page, file, text: lines.join('\n') }));
}

/** What the compiler has to say about the samples, each page in a folder of its own. */
export function complaintsAbout(samples: readonly Sample[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const options = { ...parsed.options, noEmit: true, incremental: false };
  const texts = new Map(samples.map((sample) => [pathOf(sample), sample.text]));
  const folders = new Set([...texts.keys()].flatMap(foldersOf));
  const real = ts.createCompilerHost(options);
  const readFile = (path: string) => texts.get(normalize(path)) ?? real.readFile(path);
  const host: ts.CompilerHost = {
    ...real,
    readFile,
    fileExists: (path) => texts.has(normalize(path)) || real.fileExists(path),
    directoryExists: (path) => folders.has(normalize(path)) || (real.directoryExists?.(path) ?? true),
    getSourceFile: (path, settings) => {
      const text = readFile(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, settings, true);
    },
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  const pagesByPath = new Map(samples.map((sample) => [pathOf(sample), sample.page]));
  const isForReader = ({ code, file, messageText }: ts.Diagnostic) =>
    code === MODULE_NOT_FOUND &&
    installedBy(pagesByPath.get(normalize(file!.fileName))!).some((name) =>
      ts.flattenDiagnosticMessageText(messageText, '').includes(`'${name}'`),
    );
  const complaints = ts.getPreEmitDiagnostics(program).filter((diagnostic) => !isForReader(diagnostic));
  return complaints.map((diagnostic) => {
    const { file, start = 0, messageText } = diagnostic;
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    const place = file ? relative(join(root, 'test/docs'), file.fileName) : '';
    return `${place}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

/** Packages that a page tells the reader to install; those that we lack, the compiler cannot check. */
function installedBy(page: string): string[] {
  if (!existsSync(join(root, page))) return [];
  const commands = readFileSync(join(root, page), 'utf8').matchAll(/^npm install (.*)$/gm);
  return [...commands].flatMap(([, names = '']) => names.split(' '));
}

function pathOf({ page, file }: Sample): string {
  return join(root, 'test/docs', page.replaceAll(/\W+/g, '-'), file);
}

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === path || folder.length < root.length ? [] : [folder, ...foldersOf(folder)];
}

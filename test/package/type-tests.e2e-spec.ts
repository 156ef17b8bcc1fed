import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** With so many marks at least. */
const FILES: [file: string, marks: number][] = [
  ['wrong-uses.ts', 50],
  ['hook-uses.ts', 15],
  ['shared-uses.ts', 10],
  ['listed-limiters.ts', 4],
];
const MARK = /^\s*\/\/ @ts-expect-error/;

/** What both programs read is parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Diagnostics of type tests, with their marks as they are or without. */
function diagnose(path: string, edit: (source: string) => string): ts.Diagnostic[] {
  const { config } = ts.readConfigFile('tsconfig.json', (name) => ts.sys.readFile(name));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const host = ts.createCompilerHost(options);
  const readFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    if (name.endsWith(path))
      return ts.createSourceFile(name, edit(readFileSync(path, 'utf8')), rest[0], true);
    if (!parsed.has(name)) parsed.set(name, readFile(name, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram([path], { ...options, noEmit: true }, host);
  const source = program.getSourceFiles().find(({ fileName }) => fileName.endsWith(path));
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
}

const linesOf = (diagnostics: readonly ts.Diagnostic[]): number[] => [
  ...new Set(
    diagnostics.map(({ file, start }) =>
      file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : -1,
    ),
  ),
];

describe.each(FILES)('the marks of test/types/%s', (file, least) => {
  const path = `test/types/${file}`;
  const lines = readFileSync(path, 'utf8').split('\n');
  const marked = lines.flatMap((line, index) => (MARK.test(line) ? [index + 1] : []));

  it('are many', () => expect(marked.length).toBeGreaterThanOrEqual(least));

  it('leave no diagnostic', () => expect(diagnose(path, (source) => source)).toEqual([]));

  it('each stand before a line that does not compile without them, and no other line fails', () => {
    const withoutMarks = (source: string) => source.replaceAll('// @ts-expect-error', '//');
    expect(linesOf(diagnose(path, withoutMarks)).toSorted((a, b) => a - b)).toEqual(marked);
  });
});

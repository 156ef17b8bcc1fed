import { readFileSync } from 'node:fs';
import ts from 'typescript';

const FILE = 'test/types/wrong-uses.ts';
const MARK = /^\s*\/\/ @ts-expect-error/;

/** What both programs read is parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** Diagnostics of the type tests, with their marks as they are or without. */
function diagnose(edit: (source: string) => string): ts.Diagnostic[] {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const host = ts.createCompilerHost(options);
  const readFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    if (name.endsWith(FILE))
      return ts.createSourceFile(name, edit(readFileSync(FILE, 'utf8')), rest[0], true);
    if (!parsed.has(name)) parsed.set(name, readFile(name, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram([FILE], { ...options, noEmit: true }, host);
  const source = program.getSourceFiles().find(({ fileName }) => fileName.endsWith(FILE));
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
}

const linesOf = (diagnostics: readonly ts.Diagnostic[]): number[] => [
  ...new Set(
    diagnostics.map(({ file, start }) =>
      file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : -1,
    ),
  ),
];

describe('the marks of the type tests', () => {
  const lines = readFileSync(FILE, 'utf8').split('\n');
  const marked = lines.flatMap((line, index) => (MARK.test(line) ? [index + 1] : []));

  it('are many', () => expect(marked.length).toBeGreaterThanOrEqual(50));

  it('leave no diagnostic', () => expect(diagnose((source) => source)).toEqual([]));

  it('each stand before a line that does not compile without them, and no other line fails', () => {
    const withoutMarks = (source: string) => source.replaceAll('// @ts-expect-error', '//');
    expect(linesOf(diagnose(withoutMarks)).toSorted((a, b) => a - b)).toEqual(marked);
  });
});

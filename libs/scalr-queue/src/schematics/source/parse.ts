import ts from 'typescript';

/** The syntax tree of a TypeScript file, with parents. */
export function parse(text: string): ts.SourceFile {
  return ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true);
}

/** The first node below that fits, in the order of the text. */
export function findNode<T extends ts.Node>(
  node: ts.Node,
  fits: (candidate: ts.Node) => candidate is T,
): T | undefined {
  return fits(node) ? node : ts.forEachChild(node, (child) => findNode(child, fits));
}

/** Puts other text in the place of a range. */
export function splice(text: string, start: number, end: number, replacement: string): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** White space that the line of a position begins with. */
export function indentAt(text: string, position: number): string {
  const line = text.slice(text.lastIndexOf('\n', position - 1) + 1);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** How the lines of a text end. */
export function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

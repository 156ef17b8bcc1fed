// @ts-check
import ts from 'typescript';

/** Where a probe in the code under test notes that it was passed. */
export const REACHED = '__scalrReached';

/** The functions of a file that have a body, outer ones first. @param {string} source */
function bodiesOf(source) {
  const tree = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  /** @type {{ start: number, inside: number, end: number }[]} */
  const bodies = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body && ts.isBlock(node.body)) {
      bodies.push({
        start: node.getStart(tree),
        inside: node.body.getStart(tree) + 1,
        end: node.getEnd(),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return bodies;
}

/** The source with a probe at the start of every function; its lines stay where they are. @param {string} file @param {string} source */
export function withProbes(file, source) {
  let text = source;
  for (const { start, inside } of bodiesOf(source).toSorted((a, b) => b.inside - a.inside)) {
    const probe = ` (globalThis.${REACHED} ??= new Set()).add(${JSON.stringify(`${file}#${start}`)});`;
    text = text.slice(0, inside) + probe + text.slice(inside);
  }
  return text;
}

/** The name of the innermost function around a place, as its probe says it; none for what runs at import. @param {string} file @param {string} source @param {number} position */
export function functionAt(file, source, position) {
  const around = bodiesOf(source).filter(({ inside, end }) => inside <= position && position < end);
  const innermost = around.at(-1);
  return innermost && `${file}#${innermost.start}`;
}

/** A test file that hands over, at its end, what it reached. @param {string} path @param {string} source */
export function withReport(path, source) {
  const name = JSON.stringify(path);
  return `globalThis.__scalrReport.begin(${name}); afterAll(() => globalThis.__scalrReport.end(${name})); ${source}`;
}

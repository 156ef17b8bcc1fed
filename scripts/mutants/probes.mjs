// @ts-check
import ts from 'typescript';

/** Where a probe in the code under test notes that it was passed. */
export const REACHED = '__scalrReached';

/**
 * The functions of a file that have a body, outer ones first. Their names do not change when other lines do: `Queue.add`,
 * `Queue.add/map`, and `Queue.add/map~1` for the second of the same name.
 *
 * @param {string} source
 */
function bodiesOf(source) {
  const tree = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  /** @type {{ name: string, inside: number, end: number }[]} */
  const bodies = [];
  /** @type {Map<string, number>} */
  const seen = new Map();
  /** @param {ts.Node} node @param {string} around */
  const visit = (node, around) => {
    let path = around;
    if (ts.isClassLike(node)) path += `${node.name?.text ?? 'class'}.`;
    if (ts.isFunctionLike(node) && 'body' in node && node.body && ts.isBlock(node.body)) {
      const plain = around + ownName(node, tree);
      const nth = seen.get(plain) ?? 0;
      seen.set(plain, nth + 1);
      const name = nth === 0 ? plain : `${plain}~${nth}`;
      bodies.push({ name, inside: node.body.getStart(tree) + 1, end: node.getEnd() });
      path = `${name}/`;
    }
    ts.forEachChild(node, (child) => visit(child, path));
  };
  visit(tree, '');
  return bodies;
}

/** What a function is called, or what it is given to. @param {ts.SignatureDeclaration} node @param {ts.SourceFile} tree */
function ownName({ name, kind, parent }, tree) {
  if (name) return (kind === ts.SyntaxKind.GetAccessor ? 'get ' : '') + name.getText(tree);
  if (kind === ts.SyntaxKind.Constructor) return 'constructor';
  if ('name' in parent && parent.name) return /** @type {ts.Node} */ (parent.name).getText(tree);
  if (!ts.isCallExpression(parent)) return 'function';
  const called = parent.expression;
  return (ts.isPropertyAccessExpression(called) ? called.name : called).getText(tree).slice(0, 40);
}

/** The names of all functions of a file, as probes say them. @param {string} file @param {string} source */
export function functionsOf(file, source) {
  return bodiesOf(source).map(({ name }) => `${file}#${name}`);
}

/** The source with a probe at the start of every function; its lines stay where they are. @param {string} file @param {string} source */
export function withProbes(file, source) {
  let text = source;
  for (const { name, inside } of bodiesOf(source).toSorted((a, b) => b.inside - a.inside)) {
    const probe = ` (globalThis.${REACHED} ??= new Set()).add(${JSON.stringify(`${file}#${name}`)});`;
    text = text.slice(0, inside) + probe + text.slice(inside);
  }
  return text;
}

/** The name of the innermost function around a place, as its probe says it; none for what runs at import. @param {string} file @param {string} source @param {number} position */
export function functionAt(file, source, position) {
  const around = bodiesOf(source).filter(({ inside, end }) => inside <= position && position < end);
  const innermost = around.at(-1);
  return innermost && `${file}#${innermost.name}`;
}

/** A test file that hands over, at its end, what it reached. @param {string} path @param {string} source */
export function withReport(path, source) {
  const name = JSON.stringify(path);
  return `globalThis.__scalrReport.begin(${name}); afterAll(() => globalThis.__scalrReport.end(${name})); ${source}`;
}

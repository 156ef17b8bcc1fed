// @ts-check
import ts from 'typescript';

/**
 * @typedef {object} Mutant one small wrong change of a source file
 * @property {string} file  from the folder of the sources, with slashes
 * @property {number} line
 * @property {number} start of what is replaced
 * @property {number} end
 * @property {string} text  that replaces it
 * @property {string} what  the change in words: the same wherever the line moves
 */

/** @type {Partial<Record<ts.SyntaxKind, string>>} */
const OPERATORS = {
  [ts.SyntaxKind.LessThanToken]: '<=',
  [ts.SyntaxKind.LessThanEqualsToken]: '<',
  [ts.SyntaxKind.GreaterThanToken]: '>=',
  [ts.SyntaxKind.GreaterThanEqualsToken]: '>',
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: '!==',
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: '===',
  [ts.SyntaxKind.AmpersandAmpersandToken]: '||',
  [ts.SyntaxKind.BarBarToken]: '&&',
};

const LONGEST_SHOWN = 60;

/** Every mutant of a file. @param {string} file @param {string} source @returns {Mutant[]} */
export function mutantsOf(file, source) {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  /** @type {Mutant[]} */
  const mutants = [];

  /** @param {ts.Node} node @param {string} text @param {string} kind */
  const replace = (node, text, kind) => {
    const start = node.getStart(tree);
    const line = tree.getLineAndCharacterOfPosition(start).line + 1;
    const before = short(node.getText(tree));
    const what = text === ';' ? `${kind}: ${before}` : `${kind}: ${before} -> ${short(text)}`;
    mutants.push({ file, line, start, end: node.getEnd(), text, what });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (isOutOfReach(node)) return;
    mutate(node, replace);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return mutants;
}

/** The source with the change in it. @param {string} source @param {Pick<Mutant, 'start' | 'end' | 'text'>} mutant */
export function apply(source, { start, end, text }) {
  return source.slice(0, start) + text + source.slice(end);
}

/** Types are gone when tests run, and what a decorator says is the shape of the app. @param {ts.Node} node */
function isOutOfReach(node) {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isDecorator(node)
  );
}

/** @param {ts.Node} node @param {(node: ts.Node, text: string, kind: string) => void} replace */
function mutate(node, replace) {
  if (ts.isExpressionStatement(node) && !isSuperCall(node.expression)) return replace(node, ';', 'dropped');
  if (ts.isReturnStatement(node) && node.expression && !isAsGoodAsNothing(node.expression))
    return replace(node, 'return;', 'returns nothing');
  if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
    const condition = ts.isIfStatement(node) ? node.expression : node.condition;
    return replace(condition, `!(${condition.getText()})`, 'flipped');
  }
  if (ts.isBinaryExpression(node) && !isFlippedAnyway(node)) {
    const operator = OPERATORS[node.operatorToken.kind];
    if (!operator) return;
    return replace(node, `${node.left.getText()} ${operator} ${node.right.getText()}`, 'operator');
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return replace(node, 'false', 'boolean');
  if (node.kind === ts.SyntaxKind.FalseKeyword) return replace(node, 'true', 'boolean');
  if (ts.isNumericLiteral(node)) {
    const value = Number(node.text);
    return replace(node, String(value === 0 ? 1 : value === 1 ? 0 : value * 10), 'number');
  }
  if (ts.isStringLiteral(node) && node.text !== '' && isData(node)) replace(node, "''", 'string');
}

/** Whoever asks whether something is so cannot tell `false` from nothing; `true` instead is a mutant of its own. @param {ts.Expression} returned */
function isAsGoodAsNothing(returned) {
  return returned.kind === ts.SyntaxKind.FalseKeyword || returned.getText() === 'undefined';
}

/** @param {ts.Node} expression */
function isSuperCall(expression) {
  return ts.isCallExpression(expression) && expression.expression.kind === ts.SyntaxKind.SuperKeyword;
}

/** `a === b` alone in an `if` is the same mutant as the flipped `if`. @param {ts.BinaryExpression} node */
function isFlippedAnyway({ parent, operatorToken }) {
  const isEquality =
    operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
    operatorToken.kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;
  return isEquality && (ts.isIfStatement(parent) || ts.isConditionalExpression(parent));
}

/** Names of fields and commands, not words for people: those are built in templates and errors. @param {ts.Node} node */
function isData({ parent }) {
  return ts.isCallExpression(parent) || ts.isArrayLiteralExpression(parent) || ts.isBinaryExpression(parent);
}

/** @param {string} text */
function short(text) {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN - 1)}…` : line;
}

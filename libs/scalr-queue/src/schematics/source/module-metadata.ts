import ts from 'typescript';
import { InvalidOptionError } from '../../contract/errors/configuration.errors.js';
import { findNode, indentAt, lineEnd, parse, splice } from './parse.js';

const LINE_WIDTH = 80;

/**
 * Adds an expression to a list of `@Module({ ... })`, laid out as the list is. Nothing changes when the list has it.
 * @throws InvalidOptionError when the file has no `@Module({ ... })`
 */
export function addToModule(
  file: string,
  text: string,
  list: 'imports' | 'providers',
  expression: string,
): string {
  const source = parse(text);
  const metadata = findNode(source, isModuleCall)?.arguments[0];
  if (!metadata || !ts.isObjectLiteralExpression(metadata))
    throw new InvalidOptionError(
      `expected ${file} to have a @Module({ ... }), found none: add ${expression} to its ${list} by hand, and pass --skip-import`,
    );

  const property = metadata.properties.find((one) => one.name?.getText(source) === list);
  if (!property) return addList(text, metadata, `${list}: [${expression}]`);
  if (ts.isShorthandPropertyAssignment(property))
    return splice(text, property.getStart(source), property.end, `${list}: [...${list}, ${expression}]`);
  if (!ts.isPropertyAssignment(property)) return text;

  const value = property.initializer;
  if (ts.isArrayLiteralExpression(value)) return addElement(text, value, expression);
  const spread = ts.isIdentifier(value) ? value.getText(source) : `(${value.getText(source)})`;
  return splice(text, value.getStart(source), value.end, `[...${spread}, ${expression}]`);
}

function isModuleCall(node: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && ts.isDecorator(node.parent) && node.expression.getText() === 'Module';
}

function addList(text: string, metadata: ts.ObjectLiteralExpression, list: string): string {
  const [first] = metadata.properties;
  if (!first) return splice(text, metadata.getStart(), metadata.end, `{ ${list} }`);
  const start = first.getStart();
  const isOneLine = !text.slice(metadata.getStart(), start).includes('\n');
  const gap = isOneLine ? ' ' : lineEnd(text) + indentAt(text, start);
  return splice(text, start, start, `${list},${gap}`);
}

function addElement(text: string, array: ts.ArrayLiteralExpression, expression: string): string {
  const elements = array.elements.map((element) => element.getText());
  const [symbol] = expression.split('.');
  if (elements.some((element) => element === symbol || element.startsWith(`${symbol}.`))) return text;

  const last = array.elements.at(-1);
  if (last && text.slice(array.getStart(), last.getStart()).includes('\n')) {
    const gap = lineEnd(text) + indentAt(text, last.getStart());
    return splice(text, last.end, last.end, `,${gap}${expression}`);
  }
  const all = [...elements, expression];
  const oneLine = splice(text, array.getStart(), array.end, `[${all.join(', ')}]`);
  const line = oneLine.slice(oneLine.lastIndexOf('\n', array.getStart()) + 1).split('\n', 1)[0] ?? '';
  if (line.length <= LINE_WIDTH) return oneLine;
  const indent = lineEnd(text) + indentAt(text, array.getStart());
  const lines = all.map((element) => `${indent}  ${element},`).join('');
  return splice(text, array.getStart(), array.end, `[${lines}${indent}]`);
}

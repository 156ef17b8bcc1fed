import ts from 'typescript';
import { findNode, indentAt, lineEnd, parse, splice } from './parse.js';

/** Adds `app.enableShutdownHooks()` after `app = await NestFactory.create(...)`; undefined when there is no such line. */
export function enableShutdownHooks(text: string): string | undefined {
  if (text.includes('.enableShutdownHooks(')) return text;
  const source = parse(text);
  const statement = findNode(source, isCreation);
  const [declaration] = statement?.declarationList.declarations ?? [];
  if (!statement || !declaration) return undefined;
  const semicolon = statement.getText(source).endsWith(';') ? ';' : '';
  const line = `${declaration.name.getText(source)}.enableShutdownHooks()${semicolon}`;
  const start = lineEnd(text) + indentAt(text, statement.getStart(source));
  return splice(text, statement.end, statement.end, start + line);
}

/** The name of the module that the application is created from. */
export function rootModule(text: string): string | undefined {
  const call = findNode(parse(text), isFactoryCall);
  const [root] = call?.arguments ?? [];
  return root && ts.isIdentifier(root) ? root.text : undefined;
}

function isCreation(node: ts.Node): node is ts.VariableStatement {
  return ts.isVariableStatement(node) && findNode(node, isFactoryCall) !== undefined;
}

function isFactoryCall(node: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && node.expression.getText() === 'NestFactory.create';
}

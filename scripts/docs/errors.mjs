// @ts-check
import ts from 'typescript';
import { cell, generated } from './markdown.mjs';

/** @typedef {import('./public-api.mjs').PublicApi} PublicApi */

/** The page of all error classes, from their sources. @param {PublicApi} api */
export function errorsPage(api) {
  const errors = errorClasses(api);
  const index = errors.map(({ name, code }) => `| [\`${name}\`](#${name.toLowerCase()}) | \`${code}\` |`);
  return generated(
    'Errors reference',
    `All extend \`ScalrQueueError\`. \`code\` is stable: compare it rather than the message. Messages name the field, the bound and the
fix; none holds a payload, a password or the arguments of a Redis command. \`cause\` is set where another error led to it.

| class | code |
| --- | --- |
${index.join('\n')}`,
    errors.map((error) => section(api, error)),
  );
}

/** Every exported error that can be thrown. @param {PublicApi} api */
export function errorClasses(api) {
  return [...api.exports()].flatMap(([name, { symbol }]) => {
    const declaration = symbol.declarations?.find(ts.isClassDeclaration);
    const code = declaration && codeOf(declaration);
    return code ? [{ name, symbol, code }] : [];
  });
}

/** @param {ts.ClassDeclaration} declaration */
function codeOf(declaration) {
  for (const member of declaration.members) {
    if (!ts.isPropertyDeclaration(member) || member.name.getText() !== 'code') continue;
    if (member.initializer && ts.isStringLiteral(member.initializer)) return member.initializer.text;
  }
  return undefined;
}

/** @param {PublicApi} api @param {{ name: string, symbol: ts.Symbol, code: string }} error */
function section(api, { name, symbol, code }) {
  const fields = api
    .fieldsOf(symbol)
    .filter(({ name: field }) => !['code', 'name', 'message', 'stack', 'cause'].includes(field))
    .map(({ name: field, text }) => `| \`${field}\` | ${cell(text)} |`);
  const table = fields.length > 0 ? `\n| field | meaning |\n| --- | --- |\n${fields.join('\n')}\n` : '';
  return `## ${name}

\`${code}\`. ${api.textOf(symbol)}
${table}`;
}

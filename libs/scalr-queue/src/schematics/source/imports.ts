import ts from 'typescript';
import { lineEnd, parse, splice } from './parse.js';

/** Adds `import { symbol } from 'specifier'` after the last import, or to that of the module, as the file writes them. */
export function addImport(text: string, symbol: string, specifier: string): string {
  const source = parse(text);
  const imports = source.statements.filter(ts.isImportDeclaration);
  if (imports.some((one) => names(one).includes(symbol))) return text;

  const joined = imports.find((one) => moduleOf(one) === specifier && names(one).length > 0);
  const bindings = joined?.importClause?.namedBindings;
  if (bindings && ts.isNamedImports(bindings)) {
    const end = bindings.elements.at(-1)?.end ?? bindings.end;
    return splice(text, end, end, `, ${symbol}`);
  }

  const last = imports.at(-1);
  const quote = last?.moduleSpecifier.getText(source)[0] ?? "'";
  const semicolon = !last || last.getText(source).endsWith(';') ? ';' : '';
  const line = `import { ${symbol} } from ${quote}${specifier}${quote}${semicolon}`;
  const end = lineEnd(text);
  return last ? splice(text, last.end, last.end, end + line) : `${line}${end}${end}${text}`;
}

/** The module that a symbol of the file comes from. */
export function importedFrom(text: string, symbol: string): string | undefined {
  const found = parse(text)
    .statements.filter(ts.isImportDeclaration)
    .find((one) => names(one).includes(symbol));
  return found && moduleOf(found);
}

function moduleOf({ moduleSpecifier }: ts.ImportDeclaration): string | undefined {
  return ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
}

/** What an import declares as values. */
function names({ importClause }: ts.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  if (!importClause || importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  if (!bindings || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name.text);
}

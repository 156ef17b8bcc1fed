// @ts-check
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { root } from '../workspace/root.mjs';

const source = join(root, 'libs/scalr-queue/src');

/** What an app can import from. */
export const entryPoints = [
  { module: 'scalr-queue', file: 'index.ts' },
  { module: 'scalr-queue/worker', file: 'worker.ts' },
  { module: 'scalr-queue/shared', file: 'shared.ts' },
  { module: 'scalr-queue/thread', file: 'thread.ts' },
  { module: 'scalr-queue/outbox', file: 'outbox.ts' },
  { module: 'scalr-queue/testing', file: 'testing.ts' },
  { module: 'scalr-queue/dashboard', file: 'dashboard.ts' },
  { module: 'scalr-queue/console', file: 'console.ts' },
].filter(({ file }) => existsSync(join(source, file)));

/** The compiler's view of everything that the library exports. */
export class PublicApi {
  constructor() {
    const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const files = entryPoints.map(({ file }) => join(source, file));
    this.program = ts.createProgram(files, { ...options, noEmit: true, incremental: false });
    this.checker = this.program.getTypeChecker();
  }

  /**
   * Every export by name, with the first entry point that has it.
   * @returns {Map<string, { symbol: ts.Symbol, module: string }>}
   */
  exports() {
    const found = new Map();
    for (const { module, file } of entryPoints) {
      const entry = this.program.getSourceFile(join(source, file));
      const symbol = entry && this.checker.getSymbolAtLocation(entry);
      if (!symbol) throw new Error(`${file} exports nothing`);
      for (const exported of this.checker.getExportsOfModule(symbol)) {
        if (!found.has(exported.name)) found.set(exported.name, { symbol: this.original(exported), module });
      }
    }
    return found;
  }

  /** The documentation of a symbol, on one line. @param {ts.Symbol} symbol */
  textOf(symbol) {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.checker));
    return text
      .replaceAll(/\{@link (\w+)\}/g, '`$1`')
      .replaceAll(/\s+/g, ' ')
      .trim();
  }

  /** Where a symbol is declared, from the root of the library's sources. @param {ts.Symbol} symbol */
  fileOf(symbol) {
    const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
    return relative(source, file);
  }

  /** The fields of an interface, its inherited ones included, as they are written. @param {ts.Symbol} symbol */
  fieldsOf(symbol) {
    return this.checker
      .getDeclaredTypeOfSymbol(symbol)
      .getProperties()
      .flatMap((property) => {
        const declaration =
          property.declarations?.find(ts.isPropertySignature) ??
          property.declarations?.find(ts.isPropertyDeclaration);
        const type = declaration?.type?.getText().replaceAll('readonly ', '').replaceAll(/\s+/g, ' ');
        // A field that is only there to be forbidden.
        if (!declaration || type === 'undefined') return [];
        return [
          {
            name: property.name,
            optional: Boolean(declaration.questionToken),
            type: type ?? '',
            text: this.textOf(property),
          },
        ];
      });
  }

  /** @param {ts.Symbol} symbol */
  original(symbol) {
    return symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }
}

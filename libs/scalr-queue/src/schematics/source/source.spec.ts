import { addImport, importedFrom } from './imports.js';
import { addToModule } from './module-metadata.js';
import { enableShutdownHooks, rootModule } from './shutdown-hooks.js';

describe('an import', () => {
  it('joins that of the same module, where this imports values by their names', () => {
    expect(addImport("import { A } from './x.js';\n", 'X', './x.js')).toBe(
      "import { A, X } from './x.js';\n",
    );
    expect(addImport("import { A, X } from './x.js';\n", 'X', './x.js')).toBe(
      "import { A, X } from './x.js';\n",
    );
    const others = [
      "import './x.js';",
      "import type { A } from './x.js';",
      "import { type A } from './x.js';",
      "import def from './x.js';",
      "import * as all from './x.js';",
    ];
    for (const other of others)
      expect(addImport(`${other}\n`, 'X', './x.js')).toBe(`${other}\nimport { X } from './x.js';\n`);
  });

  it('comes after the last one, written as that is, or before everything', () => {
    const text = 'import { A } from \'./a.js\';\nimport { B } from "./b.js"\n\nrun();\n';
    expect(addImport(text, 'X', './x.js')).toBe(
      'import { A } from \'./a.js\';\nimport { B } from "./b.js"\nimport { X } from "./x.js"\n\nrun();\n',
    );
    expect(addImport('run();\r\n', 'X', './x.js')).toBe("import { X } from './x.js';\r\n\r\nrun();\r\n");
  });

  it('is found by what it imports', () => {
    const text =
      "import type { T } from './t.js';\nimport { A } from './a.js';\nimport { B } from './b.js';\n";
    expect(['A', 'B', 'T', 'C'].map((symbol) => importedFrom(text, symbol))).toEqual([
      './a.js',
      './b.js',
      undefined,
      undefined,
    ]);
  });
});

describe('a list of a module', () => {
  const add = (metadata: string, expression = 'X') =>
    addToModule(
      'a.module.ts',
      `@Other({ providers: [] })\n@Module(${metadata})\nclass A {}\n`,
      'providers',
      expression,
    )
      .replace('@Other({ providers: [] })\n@Module(', '')
      .replace(')\nclass A {}\n', '');

  it.each([
    ['{}', '{ providers: [X] }'],
    ['{ imports: [] }', '{ providers: [X], imports: [] }'],
    ['{\n  imports: [],\n}', '{\n  providers: [X],\n  imports: [],\n}'],
    ['{\r\n\timports: [],\r\n}', '{\r\n\tproviders: [X],\r\n\timports: [],\r\n}'],
    ['{ providers: [] }', '{ providers: [X] }'],
    ['{ providers: [A] }', '{ providers: [A, X] }'],
    ['{ providers: [X] }', '{ providers: [X] }'],
    ['{ providers }', '{ providers: [...providers, X] }'],
    ['{ providers: LIST }', '{ providers: [...LIST, X] }'],
    ['{ providers: a() ?? [] }', '{ providers: [...(a() ?? []), X] }'],
    ['{ get providers() { return []; } }', '{ get providers() { return []; } }'],
    ['{\n  providers: [\n    A,\n  ],\n}', '{\n  providers: [\n    A,\n    X,\n  ],\n}'],
  ])('%j becomes %j', (before, after) => {
    expect(add(before)).toBe(after);
  });

  it('has it once, also as what a call makes of it', () => {
    expect(add('{ providers: [X.forRoot(a)] }', 'X.forRoot(b)')).toBe('{ providers: [X.forRoot(a)] }');
    expect(add('{ providers: [Xy] }')).toBe('{ providers: [Xy, X] }');
  });

  it('is broken into lines where it would be too wide', () => {
    const [one, two] = ['A'.repeat(30), 'B'.repeat(29)];
    expect(add(`{\n  providers: [${one}, ${two}],\n}`)).toBe(`{\n  providers: [${one}, ${two}, X],\n}`);
    expect(add(`{\n  providers: [${one}, ${two}],\n}`, 'XX')).toBe(
      `{\n  providers: [\n    ${one},\n    ${two},\n    XX,\n  ],\n}`,
    );
  });

  it('is not looked for where no class is a module', () => {
    for (const text of ['class A {}\n', 'Module({ providers: [] });\n', '@Module()\nclass A {}\n'])
      expect(() => addToModule('a.ts', text, 'providers', 'X')).toThrow(
        'expected a.ts to have a @Module({ ... })',
      );
  });
});

describe('shutdown hooks', () => {
  it('are enabled after the line that makes the application, once', () => {
    const text = (end: string) =>
      `  const api = await NestFactory.create(AppModule)${end}\n  await api.listen();\n`;
    expect(enableShutdownHooks(text(';'))).toBe(
      text(';').replace(';\n', ';\n  api.enableShutdownHooks();\n'),
    );
    expect(enableShutdownHooks(text(''))).toBe(text('').replace(')\n', ')\n  api.enableShutdownHooks()\n'));
    const ready = enableShutdownHooks(text(';'))!;
    expect(enableShutdownHooks(ready)).toBe(ready);
    expect(enableShutdownHooks('run();\n')).toBeUndefined();
  });

  it('are those of the application, whose module is told', () => {
    expect(rootModule('other(X); await NestFactory.create(AppModule, {});')).toBe('AppModule');
    expect(rootModule('await NestFactory.create(makeModule());')).toBeUndefined();
    expect(rootModule('create(AppModule);')).toBeUndefined();
  });
});

import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { RedisServer } from '../support/redis.js';
import { AdopterProject } from './adopter.project.js';

let project: AdopterProject;
beforeAll(async () => {
  project = await AdopterProject.create();
}, 300_000);
afterAll(() => project[Symbol.asyncDispose]());

interface Manifest {
  main: string;
  types: string;
  exports: Record<string, Record<'import' | 'require', { types: string; default: string }> | string>;
  bin: Record<string, string>;
  peerDependenciesMeta: Record<string, unknown>;
}

const manifestOf = async () =>
  JSON.parse(await readFile(join(project.library, 'package.json'), 'utf8')) as Manifest;

/** The entry points by the name they are imported with. */
async function entryPoints() {
  return Object.entries((await manifestOf()).exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: join('scalr-queue', path), ...target.import, required: target.require }],
  );
}

describe('the tarball', () => {
  it('holds what is built, the license and the readme, and nothing else', () => {
    const outside = project.packed.filter((path) => !path.startsWith('dist/'));
    const schematics = ['collection.json', 'job.schema.json', 'worker.schema.json'];
    expect(outside.toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
      ...schematics.map((file) => `schematics/${file}`),
    ]);
    const isBuilt = (path: string) =>
      /\.(?:js|d\.ts)$|^dist\/cjs\/package\.json$|^dist\/console\/page\/[\w.-]+$/.test(path) &&
      !path.includes('.spec.');
    expect(project.packed.filter((path) => path.startsWith('dist/') && !isBuilt(path))).toEqual([]);
    expect(project.packed).toContain('dist/index.d.ts');
    expect(project.packed).toContain('dist/console/page/index.html');
  });

  it('has every file that its manifest names', async () => {
    const { main, types } = await manifestOf();
    const named = (await entryPoints()).flatMap(({ required, ...entry }) => [
      entry.types,
      entry.default,
      required.types,
      required.default,
    ]);
    expect(named.length).toBeGreaterThanOrEqual(8);
    expect(named).toEqual(expect.arrayContaining([main, types]));
    expect(project.packed).toEqual(expect.arrayContaining(named.map((path) => path.replace('./', ''))));
  });
});

describe('the entry points', () => {
  it('can be imported and required by plain node', async () => {
    const all = await entryPoints();
    const paths = ['', '/worker', '/shared', '/thread', '/testing', '/dashboard', '/console', '/outbox'];
    expect(all.map(({ name }) => name).toSorted()).toEqual(
      paths.map((path) => `scalr-queue${path}`).toSorted(),
    );
    const names = JSON.stringify(all.map(({ name }) => name));
    const script = `for (const name of ${names}) console.log(Object.keys(await import(name)).toSorted().join());`;
    const imported = await project.node(['--input-type=module', '-e', script]);
    expect(imported).toMatchObject({
      code: 0,
      output: expect.stringMatching(new RegExp(`^(?:\\w[\\w,]+\n){${all.length}}$`)) as string,
    });
    const commonJs = `for (const name of ${names}) console.log(Object.keys(require(name)).toSorted().join());`;
    expect(await project.node(['--input-type=commonjs', '-e', commonJs])).toEqual(imported);
  });

  it('leave what is inside alone', async () => {
    const script = `await import('scalr-queue/dist/index.js')`;
    expect((await project.node(['--input-type=module', '-e', script])).output).toContain(
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    );
  });
});

describe('an optional package that is not installed', () => {
  it('may be each that is declared so', async () => {
    const { peerDependenciesMeta } = await manifestOf();
    const optional = Object.keys(peerDependenciesMeta);
    expect(optional).toEqual(expect.arrayContaining(['nestjs-cls', '@nestjs-cls/transactional', 'pg']));
    // What is compiled here needs TypeScript.
    for (const name of optional.filter((one) => one !== 'typescript')) {
      const script = `import.meta.resolve(${JSON.stringify(name)})`;
      const { output } = await project.node(['--input-type=module', '-e', script]);
      expect(output).toContain('ERR_MODULE_NOT_FOUND');
    }
  });

  it('is not missed by the command line', async () => {
    const cli = join('node_modules/scalr-queue', (await manifestOf()).bin['scalr-queue']!);
    const { code, output } = await project.node([cli, '--help']);
    expect(output).toMatch(/^Usage: scalr-queue /);
    expect(code).toBe(0);
  });

  it.each([
    [
      'bull-board',
      'QUEUE_CONFIG the dashboard needs bull-board, which is not installed: npm install --save-exact @bull-board/api@9.10.1 @bull-board/express@9.10.1\n',
    ],
    ['console', ''],
  ])('is named, with the cure, by the dashboard where it needs it: %s', async (ui, message) => {
    const imports = `
        ScalrQueueModule.forRoot({ app: 'a', redis: 'redis://127.0.0.1:1' }),
        ScalrQueueDashboardModule.forRoot({ ui: '${ui}', credentials: [{ user: 'ops', password: 'correct-horse-battery' }] }),`;
    const script = `
      import 'reflect-metadata';
      import { NestFactory } from '@nestjs/core';
      import { ScalrQueueModule } from 'scalr-queue';
      import { ScalrQueueDashboardModule } from 'scalr-queue/dashboard';
      const app = await NestFactory.create({ module: class {}, imports: [${imports}] }, { logger: false, abortOnError: false });
      await app.init().catch((error) => console.log(error.code, error.message));
      process.exit();`;
    const { output } = await project.node(['--input-type=module', '-e', script]);
    expect(output).toBe(message);
  });

  it.each([
    [
      'tracing: true',
      'tracing is on, but @opentelemetry/api is not installed: npm install @opentelemetry/api, or set tracing to false',
    ],
    [
      "hooks: [contextFromCls(['tenant'])]",
      'contextFromCls needs nestjs-cls, which is not installed: npm install nestjs-cls',
    ],
  ])('is named, with the cure, by the option that needs it: %s', async (option, message) => {
    const script = `
      import 'reflect-metadata';
      import { NestFactory } from '@nestjs/core';
      import { contextFromCls, ScalrQueueModule } from 'scalr-queue';
      const root = { module: class {}, imports: [ScalrQueueModule.forRoot({ app: 'a', redis: 'redis://127.0.0.1:1', ${option} })] };
      await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false }).catch((error) =>
        console.log(error.code, error.message));
      process.exit();`;
    const { output } = await project.node(['--input-type=module', '-e', script]);
    expect(output).toBe(`QUEUE_CONFIG ${message}\n`);
  });
});

describe('the types', () => {
  it('name no package but Nest, the schema standard and node', async () => {
    const allowed = /^(?:@nestjs\/(?:common|core|terminus)|@standard-schema\/spec|node:.*)$/;
    const foreign: string[] = [];
    const seen = new Set((await entryPoints()).map(({ types }) => join(project.library, types)));
    for (const file of seen) {
      const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(await readFile(file, 'utf8'));
      for (const { fileName } of [...importedFiles, ...typeReferenceDirectives]) {
        if (fileName.startsWith('.')) seen.add(join(dirname(file), fileName.replace(/\.js$/, '.d.ts')));
        else if (!allowed.test(fileName)) foreign.push(`${file.slice(project.library.length)}: ${fileName}`);
      }
    }
    expect(foreign).toEqual([]);
    expect(seen.size).toBeGreaterThan(10);
  });

  it('keep the documentation of everything that is exported', async () => {
    const files = (await entryPoints()).map(({ types }) => join(project.library, types));
    const program = ts.createProgram(files, { module: ts.ModuleKind.NodeNext, types: [] });
    const checker = program.getTypeChecker();
    const undocumented: string[] = [];
    const isDocumented = (symbol: ts.Symbol) => symbol.getDocumentationComment(checker).length > 0;
    for (const file of files) {
      const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
      for (const exported of checker.getExportsOfModule(module)) {
        const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
        const methods = symbol.flags & ts.SymbolFlags.Class ? [...(symbol.members?.values() ?? [])] : [];
        const shown = methods.filter(
          ({ flags, valueDeclaration }) =>
            flags & ts.SymbolFlags.Method &&
            !(ts.getCombinedModifierFlags(valueDeclaration!) & ts.ModifierFlags.Private),
        );
        for (const part of [symbol, ...shown])
          if (!isDocumented(part)) undocumented.push(`${symbol.name}: ${part.name}`);
      }
    }
    expect(undocumented).toEqual([]);
  });
});

describe('a project of an adopter', () => {
  it('compiles in strict mode, checks the types of its jobs, and gets the result of a job', async () => {
    const { output } = await project.node([resolve('node_modules/typescript/bin/tsc'), '-p', '.']);
    // With skipLibCheck off, other packages have errors of their own; ours and the project must have none.
    const errors = output.split('\n').filter((line) => line.includes('error TS'));
    const others = /^node_modules\/(?!scalr-queue\/)/;
    expect(errors.filter((line) => !others.test(line))).toEqual([]);

    await using redis = await RedisServer.start();
    const result = await project.node(['dist/main.js'], { SCALR_REDIS_URL: redis.url });
    expect(result.output).toContain('{"sum":"42.0","ready":200}');
    expect(result.code).toBe(0);
  });
});

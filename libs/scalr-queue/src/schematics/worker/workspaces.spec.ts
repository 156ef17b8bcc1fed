import { SchematicTestRunner, UnitTestTree } from '@angular-devkit/schematics/testing/index.js';
import { HostTree, type Rule } from '@angular-devkit/schematics';
import { resolve } from 'node:path';
import { worker, type WorkerOptions } from './worker.factory.js';

const runner = new SchematicTestRunner('scalr-queue', resolve('libs/scalr-queue/schematics/collection.json'));

async function run(rule: Rule, tree: UnitTestTree): Promise<UnitTestTree> {
  return new UnitTestTree((await runner.callRule(rule, tree.branch()).toPromise()) as HostTree);
}

const addWorker = (options: WorkerOptions, tree: UnitTestTree) => run(worker(options), tree);

const MODULE = '@Module({ imports: [] })\nexport class AppModule {}\n';

function workspace(files: Record<string, string>): UnitTestTree {
  const tree = new UnitTestTree(new HostTree());
  const manifest = { name: 'billing', scripts: { build: 'nest build', 'start:prod': 'node dist/main' } };
  for (const [path, content] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files }))
    tree.create(path, content);
  return tree;
}

const contents = (tree: UnitTestTree) =>
  Object.fromEntries(tree.files.map((file) => [file, tree.readContent(file)]));

describe('the worker of an app in a workspace', () => {
  /** As `nest g app shop` makes it of an app that is called billing. */
  function monorepo(compilerOptions: object, started = 'node dist/apps/billing/main'): UnitTestTree {
    const project = (name: string) => ({
      type: 'application',
      root: `apps/${name}`,
      entryFile: 'main',
      sourceRoot: `apps/${name}/src`,
      compilerOptions: { tsConfigPath: `apps/${name}/tsconfig.app.json` },
    });
    const configuration = {
      monorepo: true,
      ...project('billing'),
      compilerOptions: {
        deleteOutDir: true,
        ...compilerOptions,
        tsConfigPath: 'apps/billing/tsconfig.app.json',
      },
      projects: { billing: project('billing'), shop: project('shop') },
    };
    return workspace({
      'package.json': JSON.stringify({
        name: 'billing',
        scripts: { build: 'nest build', 'start:prod': started },
      }),
      'nest-cli.json': JSON.stringify(configuration),
      'apps/billing/src/app.module.ts': MODULE,
      'apps/shop/src/app.module.ts': MODULE,
    });
  }

  it.each([
    ['\t', '\n'],
    ['    ', ''],
  ])('changes files of JSON with the indent %j and the end %j in that manner', async (indent, end) => {
    const tree = monorepo({ builder: 'rspack' });
    for (const file of ['package.json', 'nest-cli.json'])
      tree.overwrite(file, JSON.stringify(tree.readJson(file), null, indent) + end);
    const done = await addWorker({}, tree);
    for (const file of ['package.json', 'nest-cli.json']) {
      const text = done.readContent(file);
      expect(text).not.toBe(tree.readContent(file));
      expect(text).toBe(JSON.stringify(done.readJson(file), null, indent) + end);
    }
  });

  const scriptsOf = (tree: UnitTestTree) =>
    (tree.readJson('package.json') as { scripts: Record<string, string> }).scripts;

  it.each([{ builder: 'rspack' }, { webpack: true }, { builder: { type: 'webpack' } }])(
    'is a project of its own where %j builds one entry file of each',
    async (compilerOptions) => {
      const tree = await addWorker({}, monorepo(compilerOptions));
      expect(scriptsOf(tree)).toMatchObject({
        'build:worker': 'nest build billing-worker',
        postbuild: 'npm run build:worker',
        'start:worker': 'node dist/apps/billing-worker/main.worker.js',
        'start:worker:dev': 'nest start billing-worker --watch',
      });
      expect(tree.readJson('nest-cli.json')).toMatchObject({
        projects: {
          'billing-worker': {
            root: 'apps/billing-worker',
            entryFile: 'main.worker',
            sourceRoot: 'apps/billing/src',
            compilerOptions: { tsConfigPath: 'apps/billing/tsconfig.worker.json' },
          },
        },
      });
      expect(tree.readJson('apps/billing/tsconfig.worker.json')).toEqual({
        extends: './tsconfig.app.json',
        compilerOptions: { outDir: '../../dist/apps/billing-worker' },
      });
      expect(tree.readContent('docker-compose.yml')).toContain('dist/apps/billing-worker/main.worker.js');
      expect(contents(await addWorker({}, tree))).toEqual(contents(tree));
    },
  );

  it('is built below the folder of its app where the app at the root is the main one', async () => {
    const configuration = {
      sourceRoot: 'src',
      projects: { shop: { type: 'application', root: 'apps/shop', sourceRoot: 'apps/shop/src' } },
    };
    const tree = workspace({
      'nest-cli.json': JSON.stringify(configuration),
      'src/app.module.ts': MODULE,
      'apps/shop/src/app.module.ts': MODULE,
    });
    expect(scriptsOf(await addWorker({ project: 'shop' }, tree))).toMatchObject({
      'start:worker:shop': 'node dist/apps/shop/main.worker.js',
    });
  });

  it('does not take the scripts of the other app', async () => {
    const both = await addWorker({ project: 'shop' }, await addWorker({}, monorepo({ builder: 'rspack' })));
    expect(scriptsOf(both)).toMatchObject({
      'start:worker': 'node dist/apps/billing-worker/main.worker.js',
      'build:worker:shop': 'nest build shop-worker',
      'start:worker:shop': 'node dist/apps/shop-worker/main.worker.js',
    });
    // The Nest CLI gives the sources of the project that was chosen.
    expect(contents(await addWorker({ sourceRoot: 'apps/shop/src' }, both))).toEqual(contents(both));
  });

  it('lies beside the web process where the compiler builds every file', async () => {
    const started = 'node dist/apps/billing/apps/billing/src/main';
    const tree = await addWorker({ project: 'shop' }, monorepo({}, started));
    expect(scriptsOf(tree)).toMatchObject({
      'start:worker:shop': 'node dist/apps/shop/apps/shop/src/main.worker.js',
      'start:worker:dev:shop': 'nest start shop --watch --entryFile main.worker',
    });
    expect(scriptsOf(await addWorker({}, tree))).toMatchObject({
      'start:worker': 'node dist/apps/billing/apps/billing/src/main.worker.js',
      'start:worker:dev': 'nest start billing --watch --entryFile main.worker',
    });
  });

  it('is a project of its own in a single app with a bundler, too', async () => {
    const files = {
      'nest-cli.json': '{ "sourceRoot": "src", "compilerOptions": { "builder": "webpack" } }',
      'tsconfig.build.json': '{}',
      'src/app.module.ts': MODULE,
    };
    const tree = await addWorker({}, workspace(files));
    expect(scriptsOf(tree)['start:worker']).toBe('node dist/app-worker/main.worker.js');
    expect(tree.readJson('tsconfig.worker.json')).toEqual({
      extends: './tsconfig.build.json',
      compilerOptions: { outDir: 'dist/app-worker' },
    });
  });

  it('is written into the sources that are named of an Nx workspace, which is told what to build', async () => {
    const files = {
      'nx.json': '{}',
      'apps/api/src/main.ts':
        "import { AppModule } from './app/app.module';\nconst app = await NestFactory.create(AppModule);\n",
      'apps/api/src/app/app.module.ts': '@Module({ imports: [] })\nexport class AppModule {}\n',
    };
    const nx = workspace(files);
    await expect(addWorker({}, nx)).rejects.toThrow('--source-root apps/<app>/src');
    await expect(addWorker({ sourceRoot: 'src' }, nx)).rejects.toThrow('this is an Nx workspace');
    const lines: string[] = [];
    const rule = worker({ sourceRoot: 'apps/api/src' });
    const logger = { warn: (line: string) => lines.push(line) };
    const tree = await run((host, context) => rule(host, { ...context, logger } as never), nx);
    expect(tree.exists('apps/api/src/main.worker.ts')).toBe(true);
    expect(tree.readContent('apps/api/src/app/app.module.ts')).toContain(
      'ScalrQueueModule.forRoot(queueOptions)',
    );
    expect(Object.keys(scriptsOf(tree))).toEqual(['build', 'start:prod']);
    expect(lines.join()).toContain('a second entry, apps/api/src/main.worker.ts (additionalEntryPoints');
  });
});

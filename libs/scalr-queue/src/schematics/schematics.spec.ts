import { SchematicTestRunner, UnitTestTree } from '@angular-devkit/schematics/testing/index.js';
import { HostTree, type Rule } from '@angular-devkit/schematics';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { job } from './job/job.factory.js';
import type { JobOptions } from './job/job.options.js';
import { worker, type WorkerOptions } from './worker/worker.factory.js';

const runner = new SchematicTestRunner('scalr-queue', resolve('libs/scalr-queue/schematics/collection.json'));

/** The rule on a copy of the tree. */
async function run(rule: Rule, tree: UnitTestTree): Promise<UnitTestTree> {
  return new UnitTestTree((await runner.callRule(rule, tree.branch()).toPromise()) as HostTree);
}

const addJob = (options: JobOptions, tree = app()) => run(job(options), tree);
const addWorker = (options: WorkerOptions = {}, tree = app()) => run(worker(options), tree);

/** A Nest app as `nest new` writes it; files given replace its own. */
function app(files: Record<string, string> = {}): UnitTestTree {
  const tree = new UnitTestTree(new HostTree());
  const all: Record<string, string> = {
    'package.json': JSON.stringify({
      name: '@acme/billing',
      type: 'module',
      scripts: { 'start:prod': 'node dist/main' },
      dependencies: { zod: '^4.0.0', 'scalr-queue': '^0.1.0' },
    }),
    'nest-cli.json': '{ "sourceRoot": "src" }',
    'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
await app.listen(3000);
`,
    'src/app.module.ts': `import { Module } from '@nestjs/common';

@Module({
  imports: [],
})
export class AppModule {}
`,
    ...files,
  };
  for (const [path, content] of Object.entries(all)) tree.create(path, content);
  return tree;
}

const contents = (tree: UnitTestTree) =>
  Object.fromEntries(tree.files.map((file) => [file, tree.readContent(file)]));

describe('a job', () => {
  it('is written into the folder of its feature, whose module is made and imported', async () => {
    const tree = await addJob({ name: 'invoices/send-invoice', queue: 'mail' });
    expect(tree.readContent('src/invoices/send-invoice.jobs.ts')).toContain(
      "SendInvoice = defineJob('invoices.send-invoice', {\n  payload: z.object({ id: z.string() }),\n  queue: 'mail',\n}",
    );
    expect(tree.exists('src/invoices/send-invoice.processor.spec.ts')).toBe(true);
    expect(tree.readContent('src/invoices/invoices.module.ts')).toContain(
      '@Module({ providers: [SendInvoiceProcessor] })',
    );
    expect(tree.readContent('src/app.module.ts')).toContain('imports: [InvoicesModule],');
    expect(tree.readContent('src/app.module.ts')).toContain("from './invoices/invoices.module.js';");
  });

  it('changes nothing when it is there', async () => {
    const once = await addJob({ name: 'invoices/send-invoice' });
    const twice = await addJob({ name: 'invoices/send-invoice' }, once);
    expect(contents(twice)).toEqual(contents(once));
  });

  it.each(['sendInvoice', 'SendInvoice', 'send_invoice', 'Send Invoice', 'send-invoice'])(
    'takes %s for send-invoice',
    async (name) => {
      const tree = await addJob({ name: `Invoices/${name}` });
      expect(tree.readContent('src/invoices/send-invoice.jobs.ts')).toContain('SendInvoice');
    },
  );

  it.each(['9lives', 'a/../b', 'invoices/', 'a.b', "x'y"])(
    'is refused as %s, and nothing written',
    async (name) => {
      await expect(addJob({ name: name === 'invoices/' ? '/' : name })).rejects.toThrow(
        'expected the name of the job',
      );
    },
  );

  it('is refused with a schedule or a queue that would not boot', async () => {
    await expect(addJob({ name: 'a', schedule: 'nightly' })).rejects.toThrow(
      'expected --schedule to be five cron',
    );
    await expect(addJob({ name: 'a', queue: 'a:b' })).rejects.toThrow('expected --queue to be');
  });

  it('runs by the clock when it is told to, and then has no payload', async () => {
    const tree = await addJob({ name: 'clean-up', schedule: '0 3 * * *', spec: false });
    expect(tree.readContent('src/clean-up/clean-up.processor.ts')).toContain(
      "@Scheduled({ cron: '0 3 * * *' })",
    );
    expect(tree.readContent('src/clean-up/clean-up.jobs.ts')).toContain('payload: z.void()');
    expect(tree.files.filter((file) => file.includes('.spec.'))).toEqual([]);
  });

  it('joins the providers of a module in the style that this has', async () => {
    const module = `import { Module } from "@nestjs/common"
import { Other } from "./other.js"

@Module({
  providers: [
    Other,
  ],
})
export class InvoicesModule {}
`;
    const tree = await addJob({ name: 'invoices/send' }, app({ 'src/invoices/invoices.module.ts': module }));
    expect(tree.readContent('src/invoices/invoices.module.ts')).toBe(
      module
        .replace('other.js"\n', 'other.js"\nimport { SendProcessor } from "./send.processor.js"\n')
        .replace('    Other,\n', '    Other,\n    SendProcessor,\n'),
    );
  });

  it('joins providers that are a constant', async () => {
    const module = '@Module({ providers: OTHERS })\nexport class InvoicesModule {}\n';
    const tree = await addJob({ name: 'invoices/send' }, app({ 'src/invoices/invoices.module.ts': module }));
    expect(tree.readContent('src/invoices/invoices.module.ts')).toContain(
      'providers: [...OTHERS, SendProcessor]',
    );
  });

  it('goes to the source root of the project, or of nest-cli.json', async () => {
    const monorepo = { projects: { api: { sourceRoot: 'apps/api/src' } } };
    const files = {
      'nest-cli.json': JSON.stringify({ sourceRoot: 'server', ...monorepo }),
      'apps/api/src/app.module.ts': '@Module({})\nexport class AppModule {}\n',
    };
    const api = await addJob({ name: 'a/b/send', project: 'api' }, app(files));
    expect(api.exists('apps/api/src/a/b/send.jobs.ts')).toBe(true);
    expect(api.readContent('apps/api/src/app.module.ts')).toContain("from './a/b/b.module.js'");
    expect((await addJob({ name: 'send', flat: true }, app(files))).exists('server/send.jobs.ts')).toBe(true);
    await expect(addJob({ name: 'send', project: 'web' }, app(files))).rejects.toThrow('(api), got: "web"');
  });

  it('imports without suffix in a CommonJS app, and types its payload where there is no schema library', async () => {
    const tree = await addJob({ name: 'a/send' }, app({ 'package.json': '{}' }));
    expect(tree.readContent('src/a/send.processor.ts')).toContain("from './send.jobs';");
    expect(tree.readContent('src/a/send.jobs.ts')).toContain("defineJob<{ id: string }>('a.send');");
  });
});

describe('the worker', () => {
  it('is written beside the web process, which gets the queue, health and shutdown hooks', async () => {
    const tree = await addWorker();
    expect(tree.readContent('src/main.worker.ts')).toContain('await runWorker(WorkerModule);');
    expect(tree.readContent('src/queue.options.ts')).toContain("|| 'billing'");
    expect(tree.readContent('src/app.module.ts')).toContain(
      'imports: [ScalrQueueModule.forRoot(queueOptions), HealthModule],',
    );
    expect(tree.readContent('src/app.module.ts')).toMatch(
      /import \{ ScalrQueueModule, QueueErrorFilter \} from 'scalr-queue';[^]*import \{ APP_FILTER \} from '@nestjs\/core';/,
    );
    expect(tree.readContent('src/app.module.ts')).toContain(
      '{ provide: APP_FILTER, useClass: QueueErrorFilter }',
    );
    expect(tree.readContent('src/main.ts')).toContain('(AppModule);\napp.enableShutdownHooks();\n');
    const manifest = tree.readJson('package.json') as Record<string, Record<string, string>>;
    expect(manifest['scripts']).toMatchObject({ 'start:worker': 'node dist/main.worker.js' });
    expect(Object.keys(manifest['dependencies'] ?? {})).toEqual([
      '@nestjs/bullmq', '@nestjs/terminus', 'scalr-queue', 'zod',
    ]); // prettier-ignore
  });

  it('changes nothing the second time, also after a job', async () => {
    const ready = await addJob({ name: 'a/send' }, await addWorker());
    expect(ready.readContent('src/worker.module.ts')).toContain('AWorkerModule');
    expect(contents(await addWorker({}, ready))).toEqual(contents(ready));
  });

  it('leaves the files of the user as they are', async () => {
    const mine = {
      'docker-compose.yml': 'services: {}\n',
      'src/health/my.controller.ts': "@Controller('health')\nexport class MyController {}\n",
      'src/worker.module.ts': '// mine\n',
    };
    const tree = await addWorker({}, app({ ...mine, '.env.example': 'SCALR_APP=mine' }));
    for (const [path, content] of Object.entries(mine)) expect(tree.readContent(path)).toBe(content);
    expect(tree.exists('src/health/health.controller.ts')).toBe(false);
    expect(tree.readContent('compose.scalr-queue.yml')).toContain('dist/main.worker.js');
    expect(tree.readContent('ops/redis/compose.yml')).toContain('--maxmemory-policy');
    expect(tree.readContent('.env.example')).toMatch(
      /^SCALR_APP=mine\n\n(?!.*^SCALR_APP=).*SCALR_REDIS_URL=/ms,
    );
  });

  it('is refused where there is no app', async () => {
    const empty = new UnitTestTree(new HostTree());
    await expect(addWorker({}, empty)).rejects.toThrow('expected a package.json');
    empty.create('package.json', '{}');
    await expect(addWorker({}, empty)).rejects.toThrow('expected the root module in src/app.module.ts');
  });

  it('is a compose file of its own on the network of the shared Redis, which has another', async () => {
    const tree = await addWorker();
    const worker = tree.readContent('docker-compose.yml');
    expect(worker).toMatch(/^services:\n {2}worker:$/m);
    expect(worker).toMatch(/^ {4}cap_drop:\n {6}- ALL\n {4}security_opt:\n {6}- no-new-privileges:true$/m);
    expect(worker).toMatch(/^ {4}read_only: true$/m);
    expect(worker).toMatch(/^ {4}name: scalr-edge\n {4}external: true$/m);
    expect(worker).not.toContain('redis-server');
    const ours = readFileSync('ops/redis/compose.yml', 'utf8');
    const theirs = tree.readContent('ops/redis/compose.yml');
    const settings = (text: string) => text.split('\n').filter((line) => !/^\s*#/.test(line));
    expect(settings(theirs)).toEqual(settings(ours));
  });

  it('leaves the compose files of an earlier generator alone', async () => {
    const files = { 'docker-compose.yml': 'services:\n  scalr-redis:\n    container_name: scalr-redis\n' };
    const tree = await addWorker({}, app(files));
    expect(tree.files.filter((file) => file.includes('compose'))).toEqual(['/docker-compose.yml']);
  });
});

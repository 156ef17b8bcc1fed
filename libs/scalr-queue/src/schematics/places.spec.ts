import { HostTree, type Rule, type SchematicContext } from '@angular-devkit/schematics';
import { UnitTestTree } from '@angular-devkit/schematics/testing/index.js';
import { job } from './job/job.factory.js';
import { worker } from './worker/worker.factory.js';

const MODULE = '@Module({})\nexport class XModule {}\n';
const MANIFEST = JSON.stringify({ name: 'billing', type: 'module', dependencies: { 'scalr-queue': '1' } });

/** An app of these files, what the generator makes of it, and what it says. */
function generated(rule: Rule, files: Record<string, string>, tree = new UnitTestTree(new HostTree())) {
  for (const [path, content] of Object.entries({ 'package.json': MANIFEST, ...files }))
    if (!tree.exists(path)) tree.create(path, content);
  const said: string[] = [];
  const tell = (line: string) => void said.push(line);
  void rule(tree, { logger: { info: tell, warn: tell } } as unknown as SchematicContext);
  return { tree, said, read: (path: string) => tree.readContent(path) };
}

describe('a new module', () => {
  const send = job({ name: 'shop/invoices/send' });

  it('is imported by the nearest module up from it', () => {
    const files = { 'src/app.module.ts': MODULE, 'src/shop/any.module.ts': MODULE };
    const { read } = generated(send, files);
    expect(read('src/shop/any.module.ts')).toContain('imports: [InvoicesModule]');
    expect(read('src/app.module.ts')).toBe(MODULE);
    const upper = generated(send, { 'src/app.module.ts': MODULE, 'src/a.module.ts': MODULE });
    expect(upper.read('src/app.module.ts')).toContain('imports: [InvoicesModule]');
    expect(upper.read('src/a.module.ts')).toBe(MODULE);
  });

  it('stands alone in an app that has no module', () => {
    const { read } = generated(send, {});
    expect(read('src/shop/invoices/invoices.module.ts')).toContain('export class InvoicesModule {}');
    expect(
      generated(job({ name: 'send', flat: true }), { 'src/app.module.ts': MODULE }).read('src/app.module.ts'),
    ).toContain('providers: [SendProcessor]');
  });

  it('is not made where the folder has one, of whatever name', () => {
    const { tree, read } = generated(send, { 'src/shop/invoices/other.module.ts': MODULE });
    expect(read('src/shop/invoices/other.module.ts')).toContain('providers: [SendProcessor]');
    expect(tree.exists('src/shop/invoices/invoices.module.ts')).toBe(false);
    const both = { 'src/shop/invoices/a.module.ts': MODULE, 'src/shop/invoices/invoices.module.ts': MODULE };
    const own = generated(send, both);
    expect(own.read('src/shop/invoices/invoices.module.ts')).toContain('providers: [SendProcessor]');
    expect(own.read('src/shop/invoices/a.module.ts')).toBe(MODULE);
  });

  it('is one of the worker where there is a worker, never that of the web process', () => {
    const files = { 'src/worker.module.ts': MODULE, 'src/shop/invoices/invoices.module.ts': MODULE };
    const { tree, read } = generated(send, files);
    expect(read('src/shop/invoices/invoices.module.ts')).toBe(MODULE);
    expect(read('src/shop/invoices/invoices.worker.module.ts')).toContain('providers: [SendProcessor]');
    expect(read('src/worker.module.ts')).toContain('imports: [InvoicesWorkerModule]');
    const again = generated(job({ name: 'shop/invoices/remind' }), {}, tree);
    expect(again.read('src/shop/invoices/invoices.worker.module.ts')).toContain(
      'SendProcessor, RemindProcessor',
    );
  });
});

it('writes a test that fits the handler: of a job with a payload, and of one that the clock starts', () => {
  const path = 'src/shop/send.processor.spec.ts';
  const called = generated(job({ name: 'shop/send' }), {}).read(path);
  expect(called).toContain("(Send, { id: '42' })");
  expect(called).toContain('42: attempt 1 of 5');
  const timed = generated(job({ name: 'shop/send', schedule: '0 3 * * *' }), {}).read(path);
  expect(timed).toContain('(Send, undefined)');
  expect(timed).not.toContain('42');
});

describe('the generator says', () => {
  it('that a job is there already, and that no worker runs it yet', () => {
    const send = job({ name: 'shop/send' });
    const first = generated(send, { 'src/app.module.ts': MODULE });
    const noWorker = 'No worker runs this job yet: nest g -c scalr-queue worker';
    expect(first.said).toEqual([noWorker]);
    const second = generated(send, { 'src/main.worker.ts': '' }, first.tree);
    expect(second.said).toEqual(['Send is there already: its files stay as they are.']);
  });

  it('that a file of the name holds another job, and which schedule is none', () => {
    const other = { 'src/shop/send.jobs.ts': 'export const Mail = 1;\n' };
    expect(() => generated(job({ name: 'shop/send' }), other)).toThrow(
      'expected src/shop/send.jobs.ts to define Send',
    );
    for (const schedule of ['0 3 * *', '0 0 3 * * *', '99 3 * * *', 'x x x x x'])
      expect(() => generated(job({ name: 'a', schedule }), {})).toThrow(
        'expected --schedule to be five cron fields',
      );
  });

  const web = {
    'src/main.ts':
      "import { AppModule } from './app.module.js';\nconst app = await NestFactory.create(AppModule);\n",
    'src/app.module.ts': MODULE,
  };

  it('what is left to do for a worker, and nothing the second time', () => {
    const first = generated(worker({}), web);
    expect(first.said).toEqual([
      'Left to do: npm install (for @nestjs/bullmq, @nestjs/terminus)',
      'Left to do: docker compose -f ops/redis/compose.yml up -d (once per host: the Redis of all apps)',
    ]);
    expect(generated(worker({}), {}, first.tree).said).toEqual([]);
  });

  it('how a compose file of the app is joined with that of the worker', () => {
    const { said, read } = generated(worker({}), { ...web, 'compose.yml': 'services: {}\n' });
    expect(said.at(-1)).toBe(
      'Left to do: docker compose -f compose.yml -f compose.scalr-queue.yml up -d (compose.yml stays as it is)',
    );
    expect(read('compose.yml')).toBe('services: {}\n');
  });

  it('the name of the app without its scope and what no name may have', () => {
    const named = (name: string) => {
      const manifest = { 'package.json': JSON.stringify({ name, dependencies: {} }) };
      return /SCALR_APP'?\]? \|\| '([^']*)'/.exec(
        generated(worker({}), { ...web, ...manifest }).read('src/queue.options.ts'),
      )?.[1];
    };
    expect(named('@acme/billing')).toBe('billing');
    expect(named('big app!')).toBe('big-app-');
    expect(named('__x')).toBe('x');
    expect(named('???')).toBe('app');
  });
});

describe('the worker of an app', () => {
  const root = { 'src/app.module.ts': MODULE };
  const manifest = { name: 'billing', version: '1.0.0' };

  it('imports its files as the other modules of the app do', () => {
    const from = (type: object) => {
      const { read } = generated(worker({}), {
        ...root,
        'package.json': JSON.stringify({ ...manifest, ...type }),
      });
      return [read('src/main.worker.ts'), read('src/worker.module.ts')].map((text) =>
        [...text.matchAll(/from '(\.[^']*)'/g)].map(([, path]) => path),
      );
    };
    expect(from({ type: 'module' })).toEqual([['./worker.module.js'], ['./queue.options.js']]);
    expect(from({})).toEqual([['./worker.module'], ['./queue.options']]);
  });

  it.each([
    ['two blanks and a last line end', `${JSON.stringify(manifest, null, 2)}\n`],
    ['a tab and no line end', JSON.stringify(manifest, null, '\t')],
  ])('leaves the manifest as it is laid out: %s', (_how, text) => {
    const { read } = generated(worker({}), { ...root, 'package.json': text });
    const changed = read('package.json');
    const [, indent] = /^([ \t]+)"name"/m.exec(text) ?? [];
    expect(changed.split('\n')[1]).toBe(`${indent}"name": "billing",`);
    expect(changed.endsWith('}\n')).toBe(text.endsWith('}\n'));
    expect(JSON.parse(changed)).toMatchObject({
      ...manifest,
      scripts: { 'start:worker': expect.any(String) },
    });
  });
});

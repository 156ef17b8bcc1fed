import { carriersOf, folderOf, sample, testsFor } from './choice.mjs';
import { mutantsOf } from './mutations.mjs';

describe('the folder of a file', () => {
  const files = [
    'index.ts',
    'jobs/a.ts',
    'cli/main.ts',
    'cli/output/b.ts',
    'engine/id.ts',
    'engine/redis/c.ts',
    'engine/redis/worker/c.ts',
    'engine/redis/connection/c.ts',
    'engine/memory/d.ts',
  ];

  it('is the first one that holds files, or one of the large ones within it', () => {
    expect(files.map((file) => folderOf(file, files))).toEqual([
      '.',
      'jobs',
      'cli',
      'cli',
      'engine',
      'engine/redis',
      'engine/redis',
      'engine/redis/connection',
      'engine/memory',
    ]);
  });
});

describe('the sample', () => {
  const statements = Array.from({ length: 50 }, (_, index) => `call${index}();`);
  const mutants = mutantsOf('a/b.ts', statements.join('\n'));
  const names = (chosen: { what: string }[]) => chosen.map(({ what }) => what);

  it('is the same for the same seed, and another for another', () => {
    const first = names(sample(mutants, 10, 'one'));
    expect(first).toHaveLength(10);
    expect(names(sample(mutants, 10, 'one'))).toEqual(first);
    expect(names(sample(mutants, 10, 'two'))).not.toEqual(first);
  });

  it('stays when lines move, and loses only those that are gone', () => {
    const first = names(sample(mutants, 10, 'one'));
    const moved = mutantsOf('a/b.ts', ['', '', ...statements.toReversed()].join('\n'));
    expect(names(sample(moved, 10, 'one'))).toEqual(first);

    const fewer = mutants.filter(({ what }) => what !== first[0]);
    expect(names(sample(fewer, 9, 'one'))).toEqual(first.slice(1));
  });

  it('tells equal changes of a file apart', () => {
    const twins = mutantsOf('a/b.ts', 'call();\ncall();');
    expect(
      sample(twins, 2, 'one')
        .map(({ line }) => line)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
  });
});

describe('the tests for a mutant', () => {
  const reach = (test: string, ms: number, reached: string[], imported: string[] = []) => ({
    test,
    ms,
    reached,
    imported,
  });
  const reaches = [
    reach('slow', 500, ['a.ts#1']),
    reach('quick', 10, ['a.ts#1']),
    reach('first', 20, ['a.ts#9'], ['a.ts#7']),
    reach('elsewhere', 1, ['b.ts#1']),
  ];
  const chosen = (within: string | undefined, budget = 1_000) =>
    testsFor({ file: 'a.ts' }, within, reaches, budget).map(({ test }) => test);

  it('are those that run the function around it, the quickest first', () => {
    expect(chosen('a.ts#1')).toEqual(['quick', 'slow']);
  });

  it('are as many as fit into the time, and one at least', () => {
    expect(chosen('a.ts#1', 100)).toEqual(['quick']);
    expect(chosen('a.ts#1', 5)).toEqual(['quick']);
  });

  it('are all that run anything of the file when it runs at import', () => {
    expect(chosen(undefined)).toEqual(['quick', 'first', 'slow']);
    expect(chosen('a.ts#7')).toEqual(['quick', 'first', 'slow']);
  });

  it('are also the spec beside the file then: a function that is an expression notes nothing', () => {
    const beside = reach('libs/scalr-queue/src/c/d.spec.ts', 5, []);
    const chosenFor = (file: string) => testsFor({ file }, undefined, [...reaches, beside], 1_000);
    expect(chosenFor('c/d.ts')).toEqual([beside]);
    expect(chosenFor('d.ts')).toEqual([]);
  });

  it('are those of its carriers when it runs at import', () => {
    const tests = (within: string | undefined) =>
      testsFor({ file: 'table.ts' }, within, reaches, 1_000, ['table.ts', 'b.ts']).map(({ test }) => test);
    expect(tests(undefined)).toEqual(['elsewhere']);
    expect(tests('table.ts#1')).toEqual([]);
  });

  it('are none when nothing reaches it', () => {
    expect(chosen('a.ts#5')).toEqual([]);
  });
});

describe('the carriers of a file', () => {
  const sources = new Map([
    ['a/table.ts', 'export const A = 1;'],
    ['a/more.ts', "import { A } from './table.js';\nexport const B = A;"],
    [
      'b/reader.ts',
      "import type { C } from '../c/table.js';\nimport { B } from '../a/more.js';\nfunction read() {}",
    ],
    ['b/other.ts', "import { A } from '../a/table.js';\nexport function other() {}"],
    ['b/last.ts', "import { other } from './other.js';\nexport function last() {}"],
    ['c/table.ts', 'export const C = 1;'],
  ]);

  it('are those with functions that import it, directly or through others without', () => {
    expect(carriersOf('a/table.ts', sources).toSorted()).toEqual([
      'a/more.ts',
      'a/table.ts',
      'b/other.ts',
      'b/reader.ts',
    ]);
    expect(carriersOf('c/table.ts', sources)).toEqual(['c/table.ts', 'b/reader.ts']);
  });

  it('are the file itself when it has functions', () => {
    expect(carriersOf('b/other.ts', sources)).toEqual(['b/other.ts']);
  });
});

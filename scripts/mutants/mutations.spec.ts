import { apply, mutantsOf } from './mutations.mjs';

describe('the mutants of a file', () => {
  const results = (source: string) => mutantsOf('a/b.ts', source).map((mutant) => apply(source, mutant));

  it('drop a statement', () => {
    expect(results('lock.renew();')).toEqual([';']);
  });

  it('keep the call of the parent class, without which nothing runs', () => {
    expect(results('class A extends B { constructor() { super(); } }')).toEqual([]);
  });

  it('return nothing', () => {
    expect(results('function f() { return held; }')).toEqual(['function f() { return; }']);
    expect(results('function f() { return undefined; }')).toEqual([]);
    expect(results('function f() { return false; }')).toEqual(['function f() { return true; }']);
  });

  it('flip a condition once, however it is written', () => {
    expect(results('if (a === b) {}')).toEqual(['if (!(a === b)) {}']);
    expect(results('const x = late ? a : b;')).toEqual(['const x = !(late) ? a : b;']);
  });

  it('move a boundary', () => {
    expect(results('const x = a < b;')).toEqual(['const x = a <= b;']);
    expect(results('const x = a >= b;')).toEqual(['const x = a > b;']);
  });

  it('turn and into or', () => {
    expect(results('const x = a && b;')).toEqual(['const x = a || b;']);
  });

  it('turn booleans, swap 0 and 1, and make other numbers ten times as large', () => {
    expect(results('const x = { on: true, wait: 1_000, none: 0, one: 1 };')).toEqual([
      'const x = { on: false, wait: 1_000, none: 0, one: 1 };',
      'const x = { on: true, wait: 10000, none: 0, one: 1 };',
      'const x = { on: true, wait: 1_000, none: 1, one: 1 };',
      'const x = { on: true, wait: 1_000, none: 0, one: 0 };',
    ]);
  });

  it('empty the name of a field or a command', () => {
    expect(results("const x = client.hget(key, 'state');")).toEqual(["const x = client.hget(key, '');"]);
  });

  it('leave types, imports, decorators and the words of errors alone', () => {
    const source = `import { A } from 'a';
      export * from 'b';
      type On = true | 7;
      @Injectable({ durable: true }) class C { on?: 7; }
      const error = new Error('nobody reads this here');`;
    expect(mutantsOf('a/b.ts', source)).toEqual([]);
  });

  it('are named by their place and by the change, on one line', () => {
    expect(mutantsOf('a/b.ts', '\ncall(\n  x,\n);')).toEqual([
      { file: 'a/b.ts', line: 2, start: 1, end: 14, text: ';', what: 'dropped: call( x, );' },
    ]);
  });
});

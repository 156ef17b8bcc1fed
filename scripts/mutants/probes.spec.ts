import { runInThisContext } from 'node:vm';
import { functionAt, functionsOf, withProbes, withReport } from './probes.mjs';

const source =
  'function outer() {\n  const inner = () => {\n    return 1;\n  };\n  return inner();\n}\nouter();\n';

describe('probes', () => {
  it('note each function that runs, by the name that its places have', () => {
    const world = globalThis as Record<string, unknown>;
    delete world['__scalrReached'];
    try {
      runInThisContext(withProbes('a.ts', source));
      const reached = [...(world['__scalrReached'] as Set<string>)];
      expect(reached).toEqual([
        functionAt('a.ts', source, source.indexOf('return inner')),
        functionAt('a.ts', source, source.indexOf('return 1')),
      ]);
      expect(new Set(reached).size).toBe(2);
    } finally {
      delete world['__scalrReached'];
    }
  });

  it('name functions by what they are called, and by the order of those called alike', () => {
    const named =
      'class A { get b() { return 1; } c = () => { f(() => { g(); }); f(() => { h(); }); }; constructor() { a.map(function () {}); } }';
    const names = ['A.get b', 'A.c', 'A.c/f', 'A.c/f~1', 'A.constructor', 'A.constructor/map'];
    const expected = names.map((name) => `a.ts#${name}`);
    expect(functionsOf('a.ts', named)).toEqual(expected);
    expect(functionsOf('a.ts', `const first = () => {\n};\n${named}`)).toEqual(['a.ts#first', ...expected]);
  });

  it('leave every line where it is', () => {
    expect(withProbes('a.ts', source).split('\n')).toHaveLength(source.split('\n').length);
    expect(withReport('a.spec.ts', source).split('\n')).toHaveLength(source.split('\n').length);
  });

  it('know that what stands outside of functions runs at import', () => {
    expect(functionAt('a.ts', source, source.lastIndexOf('outer()'))).toBeUndefined();
  });
});

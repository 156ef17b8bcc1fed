import { runInThisContext } from 'node:vm';
import { functionAt, withProbes, withReport } from './probes.mjs';

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

  it('leave every line where it is', () => {
    expect(withProbes('a.ts', source).split('\n')).toHaveLength(source.split('\n').length);
    expect(withReport('a.spec.ts', source).split('\n')).toHaveLength(source.split('\n').length);
  });

  it('know that what stands outside of functions runs at import', () => {
    expect(functionAt('a.ts', source, source.lastIndexOf('outer()'))).toBeUndefined();
  });
});

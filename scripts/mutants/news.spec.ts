import { filesWithNews } from './news.mjs';

const file = (name: string, source: string) => ({ file: name, source });
const known = new Set(['a/one.ts#f', 'b/two.ts#g']);

describe('filesWithNews', () => {
  it('are none while functions only change', () => {
    const files = [file('a/one.ts', 'function f() { return 2; }'), file('b/two.ts', 'function g() {}')];
    expect(filesWithNews(files, known)).toEqual(new Set());
  });

  it('are those with another function', () => {
    const files = [file('a/one.ts', 'function f() {} function h() {}'), file('b/two.ts', 'function g() {}')];
    expect(filesWithNews(files, known)).toEqual(new Set(['a/one.ts']));
  });

  it('are a file that is new, and those that import it', () => {
    const files = [
      file('a/one.ts', "import { h } from '../b/three.js';\nfunction f() {}"),
      file('b/two.ts', 'function g() {}'),
      file('b/three.ts', 'export function h() {}'),
    ];
    expect(filesWithNews(files, known)).toEqual(new Set(['a/one.ts', 'b/three.ts']));
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './samples.js';

const sources = join(root, 'libs/scalr-queue/src');
const tests = join(root, 'test/integration');

interface Row {
  readonly files: readonly string[];
  /** A file, and what a title of a test in it begins with. */
  readonly tests: readonly (readonly [file: string, title: string])[];
}

/** The list of docs/engine.md. */
function rows(): Row[] {
  const text = readFileSync(join(root, 'docs/engine.md'), 'utf8');
  const [, section = ''] = text.split('## What it relies on in BullMQ and ioredis');
  const [table = ''] = section.split('\n## ');
  return [...table.matchAll(/^\| (`.*?) \| .*? \| .*? \| (.*?) *\|$/gm)].map(
    ([, places = '', named = '']) => ({
      files: [...places.matchAll(/`([^`]+\.ts)`/g)].map(([, file = '']) =>
        file.startsWith('engine/') ? file : `engine/redis/${file}`,
      ),
      tests: testsOf(named),
    }),
  );
}

function testsOf(named: string): Row['tests'] {
  let file = '';
  return named.split('; ').map((one) => {
    const [, other, title = ''] = /^(?:`?([\w.-]+)`?: )?(.*)$/.exec(one) ?? [];
    if (other) file = other.endsWith('.ts') ? other : `upstream/${other}.int-spec.ts`;
    return [file, title.trim()] as const;
  });
}

/** The titles of the tests of a file. */
function titlesOf(file: string): string[] {
  const text = readFileSync(join(tests, file), 'utf8');
  return [
    ...text.matchAll(/^ {2}(?:it(?:\.each)?\(|\]\)\(|\] as const\)\(|it\.each.*\)\()\s*'([^']+)'/gm),
  ].map(([, title = '']) => title);
}

const allSources = readdirSync(join(sources, 'engine'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .map((file) => `engine/${file}`);
const textOf = (file: string) => readFileSync(join(sources, file), 'utf8');

describe('what the engine relies on in BullMQ and ioredis', () => {
  it('is listed with tests that are there', () => {
    const listed = rows();
    expect(listed.length).toBeGreaterThan(25);
    const missing = listed.flatMap(({ tests: named }) =>
      named.filter(
        ([file, title]) =>
          !existsSync(join(tests, file)) || !titlesOf(file).some((one) => one.startsWith(title)),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('is all that is tested', () => {
    const named = rows().flatMap((row) => row.tests);
    const files = readdirSync(join(tests, 'upstream')).filter((file) => file.endsWith('.int-spec.ts'));
    const titles = files.flatMap((file) =>
      titlesOf(`upstream/${file}`).map((title) => [`upstream/${file}`, title]),
    );
    expect(titles.length).toBeGreaterThan(30);
    const unlisted = titles.filter(
      ([file, title]) => !named.some(([of, start]) => of === file && title!.startsWith(start)),
    );
    expect(unlisted).toEqual([]);
  });

  it('is named in the files that are listed, and in no other', () => {
    const listed = [...new Set(rows().flatMap(({ files }) => files))].toSorted();
    const commented = allSources.filter((file) => /\bUpstream:/.test(textOf(file))).toSorted();
    expect(commented).toEqual(listed);
  });

  it('is where types are cast', () => {
    const listed = new Set(rows().flatMap(({ files }) => files));
    const cast = allSources.filter(
      (file) => file.startsWith('engine/redis/') && /\bas (?:never|unknown as|any)\b/.test(textOf(file)),
    );
    expect(cast.length).toBeGreaterThan(5);
    expect(cast.filter((file) => !listed.has(file))).toEqual([]);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { complaintsAbout, pages, root, samplesOf } from './samples.js';

describe('the documentation', () => {
  it('shows files that compile, and a wrong one would be noticed', () => {
    const samples = pages().flatMap(samplesOf);
    expect(samples.length).toBeGreaterThan(10);
    const text = "import { defineJob } from 'scalr-queue';\ndefineJob(7);\n";
    const complaints = complaintsAbout([...samples, { page: 'wrong.md', file: 'wrong.ts', text }]);
    expect(complaints).toEqual([expect.stringMatching(/^wrong-md.wrong.ts:2 .*'number' is not assignable/)]);
  }, 120_000);

  it.each(pages())('has no link to nowhere in %s', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)].map(
      ([, link = '']) => link,
    );
    const dead = links.filter((link) => !existsSync(join(root, dirname(page), link)));
    expect(dead).toEqual([]);
  });
});

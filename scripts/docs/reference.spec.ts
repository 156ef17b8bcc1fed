import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace/root.mjs';
import { optionGroups } from './configuration.mjs';
import { errorClasses } from './errors.mjs';
import { referencePages } from './pages.mjs';
import { PublicApi } from './public-api.mjs';

describe('the reference pages', () => {
  const api = new PublicApi();

  it('are what the sources say', async () => {
    for (const [path, text] of await referencePages(api)) {
      const isCurrent = readFileSync(join(root, path), 'utf8') === text;
      expect(isCurrent, `${path} is out of date: npm run docs:reference`).toBe(true);
    }
  }, 60_000);

  it('say the meaning of every option', () => {
    const groups = optionGroups(api);
    expect(groups.length).toBeGreaterThan(10);
    const silent = groups.flatMap(({ name, symbol }) =>
      api
        .fieldsOf(symbol)
        .filter(({ text }) => text === '')
        .map(({ name: field }) => `${name}.${field}`),
    );
    expect(silent).toEqual([]);
  });

  it('hold every error with a code of its own', () => {
    const errors = errorClasses(api);
    const thrown = [...api.exports()]
      .filter(([name, { module }]) => name.endsWith('Error') && module !== 'scalr-queue/testing')
      .map(([name]) => name);
    const bases = ['ScalrQueueError', 'EnqueueError'];
    expect(errors.map(({ name }) => name).toSorted()).toEqual(
      thrown.filter((name) => !bases.includes(name)).toSorted(),
    );
    expect(new Set(errors.map(({ code }) => code)).size).toBe(errors.length);
    expect(errors.filter(({ symbol }) => api.textOf(symbol) === '')).toEqual([]);
  });
});

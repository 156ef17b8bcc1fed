import { readMeta } from './job-meta.js';

it('is what the library stores beside a job', () => {
  const meta = { timeout: 1_000, waited: true };
  expect(readMeta({ attempts: 2, scalr: meta })).toBe(meta);
});

it.each([undefined, null, 'text', 7, true])('is empty where others stored %o in its place', (scalr) => {
  expect(readMeta({ scalr })).toEqual({});
});

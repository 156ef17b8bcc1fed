import { ANY_NAME, isJobType } from './job-type.js';

const isType = (name: string, queue: string) => isJobType({ name, queue });

describe('a kind of job', () => {
  it.each([
    ['invoice.send', 'default'],
    ['invoice.send', 'mail queue'],
    [ANY_NAME, 'theirs'],
    ['x'.repeat(200), 'q'.repeat(199)],
  ])('can be held by a registry: %s in %s', (name, queue) => expect(isType(name, queue)).toBe(true));

  it.each([
    ['', 'default'],
    ['mail', ''],
    ['a b', 'default'],
    ['a:b', 'default'],
    ['a~b', 'default'],
    ['mail\n', 'default'],
    ['mail', ' default'],
    ['mail', 'a:b'],
    ['mail', ':'],
    ['x'.repeat(200), 'q'.repeat(200)],
    [' '.repeat(200), 'q'.repeat(300)],
  ])('cannot: %o in %o', (name, queue) => expect(isType(name, queue)).toBe(false));
});

import { nearest } from './suggestion.js';

const KNOWN = ['attempts', 'delay', 'maxDelay', 'jitter'];

describe('nearest', () => {
  it.each([
    ['attemps', 'attempts'],
    ['ATTEMPTS', 'attempts'],
    ['dealy', 'delay'],
    ['max_delay', 'maxDelay'],
    ['jiter', 'jitter'],
  ])('takes %s for %s', (word, expected) => expect(nearest(word, KNOWN)).toBe(expected));

  it.each(['zebra-crossing', 'backoff', ''])('has no suggestion for "%s"', (word) => {
    expect(nearest(word, KNOWN)).toBeUndefined();
    expect(nearest(word, [])).toBeUndefined();
  });

  it('is quick with a long word', () => expect(nearest('x'.repeat(1_000_000), KNOWN)).toBeUndefined());
});

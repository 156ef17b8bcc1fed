import { firstOf } from './first-of.js';

const byNumber = (one: number, other: number) => one - other;
const headOf = (feed: readonly number[]) => feed[0];

describe('a merge of sorted feeds', () => {
  it('takes from the feed whose head is lowest, and from the first of equal ones', () => {
    const feeds = [[3], [1, 9], [1], [0.5].slice(1)];
    expect(firstOf(feeds, headOf, byNumber)).toBe(feeds[1]);
  });

  it('knows a head of zero from none, and ends with the last feed', () => {
    const zero = [0];
    expect(firstOf([[], zero, [4]], headOf, byNumber)).toBe(zero);
    expect(firstOf([[], []], headOf, byNumber)).toBeUndefined();
  });
});

import { cleanLines, cleanName, cleanText } from './clean-text.js';

it.each([
  ['a\tb', 'a b'],
  ['a \n\n  b\n', 'a b '],
  ['\u0000\u0007\u001b[2J', '\\x00\\x07\\x1b[2J'],
  ['\u007f\u0085\u009b', '\\x7f\\x85\\x9b'],
  ['\u061c\u200e\u202e\u2066', '\\u061c\\u200e\\u202e\\u2066'],
  ['\u2028\u2029\ufeff', '\\u2028\\u2029\\ufeff'],
  ['naïve 👩‍👩‍👧 שלום', 'naïve 👩‍👩‍👧 שלום'],
])('writes out of %j on one line what a terminal would obey', (text, shown) => {
  expect(cleanText(text)).toBe(shown);
});

it('leaves the ends of lines and the tabs of a longer text', () => {
  expect(cleanLines('a\n\tb\r\n\u001bc')).toBe('a\n\tb\\x0d\n\\x1bc');
});

it('cuts a name after 120 characters as they are shown', () => {
  expect(cleanName('n'.repeat(120))).toBe('n'.repeat(120));
  expect(cleanName('n'.repeat(121))).toBe(`${'n'.repeat(117)}...`);
  expect(cleanName('\u0007'.repeat(31))).toBe(`${'\\x07'.repeat(29)}\\...`);
});

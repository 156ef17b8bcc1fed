import { mask } from './secret.mask.js';

it('hides fields that are called like secrets, however deep and however spelled', () => {
  const payload = { to: 'a  b', auth: [{ API_KEY: 'k' }, { userPassword: 'p' }], compass: 'north', pass: 1 };
  expect(mask(payload)).toEqual({
    to: 'a  b',
    auth: [{ API_KEY: '[redacted]' }, { userPassword: '[redacted]' }],
    compass: 'north',
    pass: '[redacted]',
  });
  expect(mask({ payload: { token: ['t'] } })).toEqual({ payload: { token: '[redacted]' } });
  expect(mask(undefined)).toBeUndefined();
  // Flags and counts are none.
  const harmless = { password: true, token: false, secret: null, maxTokens: 4_096 };
  expect(mask(harmless)).toEqual(harmless);
});

it('hides credentials inside of texts and leaves the rest of them as it is', () => {
  expect(mask({ url: 'redis://u:p@h', stack: 'Error: token=abc\n    at x (y.js:1:2)' })).toEqual({
    url: 'redis://[redacted]@h',
    stack: 'Error: token=[redacted]\n    at x (y.js:1:2)',
  });
});

it.each([500, 256 * 1024])('looks through a text of %i characters to its end', (length) => {
  // Were the name of a protocol looked for at any length, the long one would take minutes.
  const text = `${'a'.repeat(length)} password=hunter2`;
  expect(mask([text])).toEqual([text.replace('hunter2', '[redacted]')]);
});

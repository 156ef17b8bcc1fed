import { redacted, redactedStack } from './redacted.js';

it('hides fields that are called like secrets, however deep and however spelled', () => {
  const payload = { to: 'a  b', auth: [{ API_KEY: 'k' }, { userPassword: 'p' }], compass: 'north', pass: 1 };
  expect(redacted(payload)).toEqual({
    to: 'a  b',
    auth: [{ API_KEY: '[redacted]' }, { userPassword: '[redacted]' }],
    compass: 'north',
    pass: '[redacted]',
  });
  expect(redacted({ url: 'redis://u:p@h' })).toEqual({ url: 'redis://[redacted]@h' });
  expect(redacted(undefined)).toBeUndefined();
});

it('keeps the lines of a stack', () => {
  expect(redactedStack('Error: token=abc\n    at x (y.js:1:2)')).toBe(
    'Error: token=[redacted]\n    at x (y.js:1:2)',
  );
});

import { isSecretValue, SECRET_FIELDS } from './secret-names.js';

/** What a field with a secret may be called, word by word; each is written in the four usual ways. */
const SPELLED = [
  'access-key',
  'access-token',
  'api-key',
  'api-token',
  'auth-token',
  'card-number',
  'client-secret',
  'db-password',
  'encryption-key',
  'id-token',
  'new-password',
  'old-password',
  'private-key',
  'refresh-token',
  'secret-access-key',
  'secret-key',
  'session-id',
  'session-token',
  'set-cookie',
  'signing-key',
  'user-password',
  'webhook-secret',
];
const camel = (kebab: string) =>
  kebab
    .split('-')
    .map((word, at) => (at === 0 ? word : word[0]!.toUpperCase() + word.slice(1)))
    .join('');

it('names what loggers must hide, in every usual spelling', () => {
  const missing = SPELLED.flatMap((kebab) => {
    const snake = kebab.split('-').join('_');
    return [kebab, camel(kebab), snake, snake.toUpperCase()];
  }).filter((name) => !SECRET_FIELDS.includes(name));
  expect(missing).toEqual([]);
  expect(SECRET_FIELDS).toEqual(expect.arrayContaining(['password', 'authorization', 'cookie']));
});

it('knows that flags are none, nor what counts tokens', () => {
  expect([null, true, false].map((value) => isSecretValue('password', value))).toEqual([false, false, false]);
  expect([isSecretValue('maxTokens', 4_096), isSecretValue('pinToken', 4_096)]).toEqual([false, true]);
  expect(isSecretValue('maxTokens', 'abc')).toBe(true);
});

/**
 * Names of fields whose value is a secret, in lower case without separators; a name that ends in one is a secret too
 * (`userPassword`, `DB_PASSWORD`, `client_secret`).
 */
const ENDINGS = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'pwd',
  'secret',
  'secrets',
  'token',
  'tokens',
  'apikey',
  'apikeys',
  'accesskey',
  'secretkey',
  'privatekey',
  'encryptionkey',
  'signingkey',
  'masterkey',
  'sshkey',
  'authorization',
  'credential',
  'credentials',
  'cookie',
  'cookies',
  'sessionid',
  'sessionkey',
  'jwt',
  'cardnumber',
  'connectionstring',
];

/** Secrets only as a whole name: as an ending they are ordinary words (`compass`, `savedSession`). */
const WHOLE = new Set([
  'pass',
  'pw',
  'session',
  'bearer',
  'cvv',
  'cvc',
  'otp',
  'sid',
  'connectsid',
  'phpsessid',
  'jsessionid',
]);

/** What may follow the name of a secret without making it another thing: `passwordHash`, `password_confirmation`, `token2`. */
const SUFFIX = /(?:hash|salt|value|text|plain|base64|b64|confirmation|confirm|repeat|again|old|new|\d+)$/;

/** Whether a field of this name holds a secret, in any spelling: `apiKey`, `API_KEY`, `x-api-key`. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  return names(plain) || names(plain.replace(SUFFIX, ''));
}

/** Whether a value under a secret name can be one: flags are not, and `maxTokens: 4096` counts something. */
export function isSecretValue(name: string, value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return false;
  return typeof value !== 'number' || !/tokens$/i.test(name);
}

const names = (plain: string): boolean =>
  WHOLE.has(plain) || ENDINGS.some((ending) => plain.endsWith(ending));

/** The usual spellings, for loggers that take exact names of fields. */
export const SECRET_FIELDS: readonly string[] = [
  ...WHOLE,
  ...ENDINGS,
  ...[
    'access key',
    'access token',
    'api key',
    'api token',
    'auth token',
    'card number',
    'client secret',
    'db password',
    'encryption key',
    'id token',
    'new password',
    'old password',
    'private key',
    'refresh token',
    'secret access key',
    'secret key',
    'session id',
    'session token',
    'set cookie',
    'signing key',
    'user password',
    'webhook secret',
  ].flatMap(spellings),
];

function spellings(words: string): string[] {
  const camel = words.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase());
  const snake = words.replaceAll(' ', '_');
  return [camel, snake, snake.toUpperCase(), words.replaceAll(' ', '-')];
}

import { redactSecrets, redactText } from './redaction.js';
import { isSecretName } from './secret-names.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl';
// Joined here, so that a scanner for secrets does not find them in the sources.
const joined = (...parts: string[]) => parts.join('');
const STRIPE = joined('sk_', 'live', '_51H8xABCDEFGHijkl');
const GITHUB = joined('gh', 'p_', 'a1B2'.repeat(9));
const AWS = joined('AKIA', 'IOSFODNN7EXAMPLE');
const SLACK = joined('xo', 'xb-', '1234567890-abcdef');
const PEM = joined(
  '-----BEGIN RSA ',
  'PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA ',
  'PRIVATE KEY-----',
);

/** A text, and what of it must not be shown. */
const SECRET: [text: string, ...secrets: string[]][] = [
  ['Authorization: Bearer hunter2', 'hunter2'],
  ['authorization: bearer hunter2', 'hunter2'],
  ['Authorization: Basic dXNlcjpodW50ZXIy', 'dXNlcjpodW50ZXIy'],
  ['Authorization: Digest username="bob", response="hunter2"', 'hunter2'],
  ['Proxy-Authorization: Basic dXNlcjpodW50ZXIy', 'dXNlcjpodW50ZXIy'],
  ['{"authorization":"Bearer hunter2"}', 'hunter2'],
  ["{ Authorization: 'Bearer hunter2' }", 'hunter2'],
  ['authorization=Bearer hunter2 failed', 'hunter2'],
  [`sent Bearer ${JWT} to the server`, JWT],
  ['Bearer a1b2c3d4e5f6 was refused', 'a1b2c3d4e5f6'],
  ['Basic dXNlcjpodW50ZXIy was refused', 'dXNlcjpodW50ZXIy'],
  ['password=hunter2', 'hunter2'],
  ['password = hunter2', 'hunter2'],
  ['password: hunter2', 'hunter2'],
  ['password => hunter2', 'hunter2'],
  ['Password=hunter2;Server=db', 'hunter2'],
  ['Server=db;User Id=sa;Pwd=hunter2;', 'hunter2'],
  ['PASSWORD="hunter2 with blanks"', 'hunter2', 'blanks'],
  ["password='hunter2 with blanks'", 'hunter2', 'blanks'],
  ['{"password":"hunter2"}', 'hunter2'],
  ['{"password": "hunter2 with blanks", "a": 1}', 'hunter2', 'blanks'],
  ['{"password":"hun\\"ter2"}', 'hun', 'ter2'],
  ['{"body":"{\\"password\\":\\"hunter2\\"}"}', 'hunter2'],
  ['{"body":"{\\"password\\":\\"hunter2 with blanks\\"}"}', 'hunter2', 'blanks'],
  ['{"a":"{\\"b\\":\\"{\\\\\\"token\\\\\\":\\\\\\"hunter2\\\\\\"}\\"}"}', 'hunter2'],
  ['{"password":"hunter2 cut off', 'hunter2', 'cut'],
  ['{"credentials":{"user":"bob","key":"hunter2"}}', 'bob', 'hunter2'],
  ['{"tokens":["hunter2","hunter3"]}', 'hunter2', 'hunter3'],
  ['userPassword=hunter2', 'hunter2'],
  ['user_password=hunter2', 'hunter2'],
  ['DB_PASSWORD=hunter2', 'hunter2'],
  ['export PGPASSWORD=hunter2', 'hunter2'],
  ['MYSQL_PWD=hunter2', 'hunter2'],
  ['REDIS_PASSWORD: hunter2', 'hunter2'],
  ['db.password=hunter2', 'hunter2'],
  ['config.redis.password: hunter2', 'hunter2'],
  ['spring.datasource.password=hunter2', 'hunter2'],
  ['newPassword=hunter2&oldPassword=hunter1', 'hunter2', 'hunter1'],
  ['password_confirmation=hunter2', 'hunter2'],
  ['passwordHash: hunter2', 'hunter2'],
  ['password2=hunter2', 'hunter2'],
  ['passphrase: hunter2', 'hunter2'],
  ['pass=hunter2', 'hunter2'],
  ['access_token=hunter2', 'hunter2'],
  ['accessToken=hunter2', 'hunter2'],
  ['GET /callback?access_token=hunter2&state=1', 'hunter2'],
  ['GET /callback?code=1&id_token=hunter2', 'hunter2'],
  ['https://api.example.com/?api_key=hunter2', 'hunter2'],
  ['https://api.example.com/?apikey=hunter2#top', 'hunter2'],
  ['refresh_token: "hunter2"', 'hunter2'],
  ['client_secret=hunter2', 'hunter2'],
  ['clientSecret: "hunter2"', 'hunter2'],
  ['secret=hunter2', 'hunter2'],
  ['WEBHOOK_SECRET=hunter2', 'hunter2'],
  ['secretKey=hunter2', 'hunter2'],
  ['secretAccessKey: hunter2', 'hunter2'],
  ['aws_secret_access_key = hunter2', 'hunter2'],
  ['private_key: hunter2', 'hunter2'],
  ['privateKey="hunter2"', 'hunter2'],
  ['ENCRYPTION_KEY=hunter2', 'hunter2'],
  ['api-key: hunter2', 'hunter2'],
  ['X-API-Key: hunter2', 'hunter2'],
  ['x-auth-token: hunter2', 'hunter2'],
  ['csrf-token=hunter2', 'hunter2'],
  ['jwt=hunter2', 'hunter2'],
  ['session=hunter2', 'hunter2'],
  ['sessionId=hunter2', 'hunter2'],
  ['JSESSIONID=hunter2', 'hunter2'],
  ['connect.sid=hunter2', 'hunter2'],
  ['Cookie: a=hunter1; b=hunter2', 'hunter1', 'hunter2'],
  ['Set-Cookie: sid=hunter2; Path=/; HttpOnly', 'hunter2'],
  ['{"cookie":"a=hunter1; b=hunter2"}', 'hunter1', 'hunter2'],
  ['headers: { cookie: "a=hunter1; b=hunter2" }', 'hunter1', 'hunter2'],
  ['curl -H "Authorization: Bearer hunter2" https://x', 'hunter2'],
  ["curl -H 'Cookie: a=hunter2' https://x", 'hunter2'],
  ['psql --password hunter2 -h db', 'hunter2'],
  ['app --api-key hunter2', 'hunter2'],
  ['app --token=hunter2', 'hunter2'],
  ["CREATE USER bob IDENTIFIED BY 'hunter2'", 'hunter2'],
  ['invalid password "hunter2"', 'hunter2'],
  ['HELLO 3 AUTH default hunter2', 'hunter2'],
  ['AUTH billing hunter2', 'hunter2'],
  ['redis://user:hunter2@host:6379/0', 'hunter2'],
  ['redis://:hunter2@host', 'hunter2'],
  ['rediss://u:p@ss@host', 'p@ss', 'ss@'],
  ['postgres://u:p@ss@word@host/db', 'p@ss', 'word@'],
  ['postgres://u:hun/ter2@host/db', 'hun/', 'ter2'],
  ['amqp://u:hunter2@host and redis://u:hunter3@host', 'hunter2', 'hunter3'],
  ['https://hunter2@github.com/x.git', 'hunter2'],
  ['connect ECONNREFUSED mongodb+srv://u:hunter2@cluster', 'hunter2'],
  ['connectionString="Server=db;Pwd=hunter2"', 'hunter2'],
  [`token was ${JWT}`, JWT],
  [`key ${STRIPE} is revoked`, STRIPE],
  [`git clone with ${GITHUB}`, GITHUB],
  [`${AWS} has no access`, AWS],
  [`posted with ${SLACK}`, SLACK],
  [`read ${PEM} from disk`, 'MIIEowIBAAKCAQEA'],
  [PEM.replaceAll('\n', '\\n'), 'MIIEowIBAAKCAQEA'],
  [PEM.slice(0, 45), 'MIIE'],
  ['card 4111 1111 1111 1111 was declined', '1111 1111'],
  ['card 4111-1111-1111-1111.', '1111-1111'],
  ['pan=5555555555554444', '5555555555554444'],
  ['{"card":"378282246310005"}', '378282246310005'],
  ['cardNumber: 4111', '4111'],
  ['cvv=123', '123'],
  ['error: password=hunter2', 'hunter2'],
  ['a=1, token: hunter2, b=2', 'hunter2'],
  ['password:hunter2\npassword:hunter3', 'hunter2', 'hunter3'],
];

/** Texts that only look like one. */
const HARMLESS = [
  'Unexpected token < in JSON at position 0',
  'Unexpected token: punc',
  `Unexpected token '<', "<!DOCTYPE "... is not valid JSON`,
  'password is required',
  'wrong password for user bob',
  'Bearer tokens are not accepted here',
  'Basic plan needed',
  'max_tokens=4096',
  '{"totalTokens":12,"promptTokens": 7}',
  'compass=north',
  'bypass=true',
  'passed: 3, failed: 0',
  'hasPassword: true',
  '{"password":null}',
  'secretary=Ann',
  'author: Bob',
  'authorized: yes',
  'authority=example.com',
  'monkey=1',
  'primaryKey=id',
  'publicKey=abc',
  'idempotencyKey=abc',
  'cookieConsent=yes',
  'token_type=bearer',
  'session_timeout=30',
  'order 1732680000000 is late',
  'job 01933f5e-7c1a-7aaa-8bbb-1234567890ab failed',
  'id 4111111111111112 is unknown',
  'https://example.com/path?mail=bob@example.com',
  'http://host:8080/users?mail=a@b.c',
  'connect ECONNREFUSED 127.0.0.1:6379',
  'mail to bob@example.com failed',
  'at Object.<anonymous> (/app/token.js:1:2)',
  'NOAUTH Authentication required.',
  'WRONGPASS invalid username-password pair or user is disabled.',
  'AUTH failed',
  "Cannot read properties of undefined (reading 'password')",
];

it.each(SECRET)('hides what is secret in %j', (text, ...secrets) => {
  const shown = redactSecrets(text);
  for (const secret of secrets) expect(shown).not.toContain(secret);
  expect(shown).toContain('[redacted]');
  // What is masked once stays as it is.
  expect(redactSecrets(shown)).toBe(shown);
});

it.each(HARMLESS)('leaves %j as it is', (text) => {
  expect(redactSecrets(text)).toBe(text);
});

it('leaves what stands around a secret', () => {
  expect(redactSecrets('a=1 password=hunter2 b=2')).toBe('a=1 password=[redacted] b=2');
  expect(redactSecrets('GET /x?access_token=hunter2&state=1 403')).toBe(
    'GET /x?access_token=[redacted]&state=1 403',
  );
  expect(redactSecrets('{"password":"hunter2","to":"bob"}')).toBe('{"password":"[redacted]","to":"bob"}');
  expect(redactSecrets('token=abc\n    at x (y.js:1:2)')).toBe('token=[redacted]\n    at x (y.js:1:2)');
});

it('knows the names of secrets in every spelling', () => {
  const secret =
    'secretKey secretAccessKey privateKey credentials pwd tokens cookies session jwt API_KEY x-api-key';
  expect(secret.split(' ').filter((name) => !isSecretName(name))).toEqual([]);
  expect(['compass', 'secretary', 'publicKey', 'sessions', 'tokenType'].filter(isSecretName)).toEqual([]);
});

const NAMES = `
  dbPassword userPasswd keyPassphrase doorPasscode sqlPwd clientSecret appSecrets idToken refreshTokens apiKey apiKeys
  s3AccessKey jwtSecretKey rsaPrivateKey dataEncryptionKey urlSigningKey kmsMasterKey deploySshKey proxyAuthorization
  awsCredential awsCredentials authCookie authCookies phpSessionId tlsSessionKey loginJwt creditCardNumber
  dbConnectionString pass pw session bearer cvv cvc otp sid connect.sid PHPSESSID JSESSIONID passwordHash passwordSalt
  tokenValue secretText passwordPlain secretBase64 secretB64 passwordConfirmation passwordConfirm passwordRepeat
  passwordAgain passwordOld passwordNew token2`
  .trim()
  .split(/\s+/);

it.each(NAMES)('takes what %s is for a secret', (name) => {
  expect(redactSecrets(`${name}=hunter2 kept`)).toBe(`${name}=[redacted] kept`);
  expect(redactSecrets(`{"${name}":"hunter2"}`)).toBe(`{"${name}":"[redacted]"}`);
});

it.each([
  'compass',
  'bypass',
  'npw',
  'obsession',
  'forbearer',
  'hotpotp1x',
  'basid',
  'tokenType',
  'passwordLength',
])('takes what %s is for none', (name) => {
  expect(redactSecrets(`${name}=hunter2`)).toBe(`${name}=hunter2`);
});

it.each([
  ['authorization=,b=2', 'authorization=,b=2'],
  ['authorization=Bearer hunter2,b=2', 'authorization=[redacted],b=2'],
  ['authorization=x,b=2', 'authorization=[redacted],b=2'],
  ['Authorization: Digest a="1", response="hunter2"\nnext', 'Authorization: [redacted]\nnext'],
  ['Cookie: a=1; b=2\nnext', 'Cookie: [redacted]\nnext'],
  ['{"cookie":"a=1; b=2","c":3}', '{"cookie":"[redacted]","c":3}'],
  ['password=[a,[b]],c', 'password=[redacted],c'],
  ['password={"a":{"b":1}} c', 'password=[redacted] c'],
  ['password={"a":1', 'password=[redacted]'],
  ['password= c', 'password= [redacted]'],
  ['password="" c', 'password="" c'],
  ['password=true c', 'password=true c'],
  ['tokens=12 tokens=1234567890', 'tokens=12 tokens=[redacted]'],
  ['password="a\\"b" c', 'password="[redacted]" c'],
])('hides of %j no more and no less than the secret', (text, shown) => {
  expect(redactSecrets(text)).toBe(shown);
});

it('tells card numbers from other numbers by their check digit', () => {
  const hidden = (text: string) => redactSecrets(text) === '[redacted]';
  const cards = [
    '4111111111111111',
    '5555555555554444',
    '378282246310005',
    '6011111111111117',
    '4222222222222',
  ];
  expect(cards.filter((card) => !hidden(card))).toEqual([]);
  const others = [
    '4111111111111112',
    '5555555555554445',
    '378282246310006',
    '2222222222222222',
    '411111111111',
  ];
  expect(others.filter(hidden)).toEqual([]);
});

// Each is made of what one of the patterns begins with.
it.each([
  'a',
  'a=',
  '"',
  '\\',
  'password=',
  'x://',
  '4 ',
  '-',
  'a.',
  'Bearer ',
  '{"a":',
  '-----BEGIN PRIVATE KEY-----',
])('reads a long text of %j in time that grows with its length', (part) => {
  const begin = performance.now();
  redactSecrets(part.repeat(Math.ceil((256 * 1_024) / part.length)));
  expect(performance.now() - begin).toBeLessThan(5_000);
});

it('cuts a text for a log line to one line of 500 characters', () => {
  expect(redactText(' a\n b ')).toBe('a b');
  expect(redactText('x'.repeat(600))).toBe(`${'x'.repeat(497)}...`);
  expect(redactText('x'.repeat(500))).toBe('x'.repeat(500));
  // What is looked at before it is cut is longer: spaces count for nothing.
  expect(redactText(`${' '.repeat(1_900)}${'x'.repeat(90)}`)).toBe('x'.repeat(90));
  expect(redactText(`${' '.repeat(2_000)}x`)).toBe('');
});

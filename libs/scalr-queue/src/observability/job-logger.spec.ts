import { ConsoleLogger, Logger, type LoggerService, type LogLevel } from '@nestjs/common';
import { onTestFinished } from 'vitest';
import { isWritten, workerLogger } from './job-logger.js';
import { JsonLineLogger } from './json-line.logger.js';

/** What is written to the console while the test runs. */
function written(): string[] {
  const texts: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => texts.push(String(text)) > 0),
  );
  onTestFinished(() => {
    vi.unstubAllEnvs();
    for (const spy of spies) spy.mockRestore();
  });
  return texts;
}

/** In each of the usual spellings. */
const WORDS = `
  access key, access token, api key, api token, auth token, card number, client secret, db password, encryption key, id token,
  new password, old password, private key, refresh token, secret access key, secret key, session id, session token,
  set cookie, signing key, user password, webhook secret`
  .trim()
  .split(/,\s+/);
const SPELLED = [
  ...`password passwd passphrase passcode pwd secret secrets token tokens apikey apikeys accesskey secretkey privatekey
    encryptionkey signingkey masterkey sshkey authorization credential credentials cookie cookies sessionid sessionkey jwt
    cardnumber connectionstring pass pw session bearer cvv cvc otp sid connectsid phpsessid jsessionid`.split(
    /\s+/,
  ),
  ...WORDS.flatMap((words) => {
    const camel = words.replaceAll(/ (.)/g, (_all, letter: string) => letter.toUpperCase());
    return [
      camel,
      words.replaceAll(' ', '_'),
      words.replaceAll(' ', '_').toUpperCase(),
      words.replaceAll(' ', '-'),
    ];
  }),
];

it.each(['json', 'text'])(
  'hides secrets in every usual spelling of their names, in lines as %s',
  (format) => {
    vi.stubEnv('SCALR_LOG', format);
    const texts = written();
    const logger = workerLogger(['log']) as LoggerService;
    for (const name of SPELLED)
      logger.log({ [name]: `hunter2 of ${name}`, deep: { [name]: 'hunter2' }, kept: 1 });
    logger.log({ payload: 'hunter2', accessories: 'kept' });
    expect(texts.join('').match(/hunter2 of \S+/g)).toBeNull();
    expect(texts.join('')).not.toContain('hunter2');
    expect(texts.join('')).toContain('kept');
    expect(texts.length).toBeGreaterThan(SPELLED.length);
    expect(texts.filter((text) => text.startsWith('{"level":"log",'))).toEqual(
      format === 'json' ? texts : [],
    );
  },
);

/** Nest 11 hands over everything after the message as a message of its own. */
class OlderNest extends JsonLineLogger {
  override log(...messages: unknown[]): void {
    (this.printMessages as (...args: unknown[]) => void)(messages, 'Context', 'log');
  }
}

it('writes the fields of a handler and of the caller into one line for machines', () => {
  vi.stubEnv('SCALR_LOG', 'json');
  const texts = written();
  const logger = workerLogger(['log']) as LoggerService;
  logger.log('sent', { to: 'ada', at: 7, password: 'hunter2' });
  const lines = texts.map((text) => JSON.parse(text) as object);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 'log', message: 'sent', to: 'ada', at: 7 });
  expect(texts[0]).not.toContain('hunter2');
});

it.each([
  [undefined, undefined, 'text', true],
  [undefined, 'production', 'json', false],
  ['json', undefined, 'json', false],
  ['text', 'production', 'text', true],
])('with SCALR_LOG=%s and NODE_ENV=%s writes %s; details: %s', (format, mode, expected, detailed) => {
  vi.stubEnv('SCALR_LOG', format);
  vi.stubEnv('NODE_ENV', mode);
  vi.stubEnv('NEST_LOG_LEVEL', undefined);
  const logger = Logger as unknown as { staticInstanceRef?: LoggerService };
  const before = logger.staticInstanceRef;
  onTestFinished(() => void (logger.staticInstanceRef = before));
  logger.staticInstanceRef = new ConsoleLogger();
  const texts = written();
  const made = workerLogger(undefined) as LoggerService;
  made.log('hello');
  expect(texts.map((text) => (text.startsWith('{') ? 'json' : 'text'))).toEqual([expected]);
  made.debug?.('a detail');
  expect(texts).toHaveLength(detailed ? 2 : 1);
});

it('makes fields of an object after the message, without secrets, as Nest does from version 12 on', () => {
  const texts = written();
  const logger = new OlderNest({ json: true, compact: true });
  logger.log('sent', {
    to: 'ada',
    at: { deep: { cardNumber: '4111' } },
    access_token: 'hunter2',
    level: 'x',
  });
  logger.log('plain', null, ['a'], { none: null, date: new Date(0) });
  logger.log({ password: 'hunter2', to: 'bob' });
  logger.log('no fields of before');
  const lines = texts.map((text) => JSON.parse(text) as object);
  expect(lines).toEqual(lines.map(() => expect.objectContaining({ level: 'log', context: 'Context' })));
  expect(lines).toMatchObject([
    { message: 'sent', to: 'ada', at: { deep: { cardNumber: '[REDACTED]' } }, access_token: '[REDACTED]' },
    { message: 'plain', none: null, date: '1970-01-01T00:00:00.000Z' },
    { message: null },
    { message: ['a'] },
    { message: { password: '[REDACTED]', to: 'bob' } },
    { message: 'no fields of before' },
  ]);
  expect(lines[5]).not.toHaveProperty('none');
});

it('knows which lines come out, of every kind of logger', () => {
  const levels: LogLevel[] = ['debug', 'log', 'error'];
  const silent: LoggerService = { log: () => {}, error: () => {}, warn: () => {} };
  const logger = Logger as unknown as { staticInstanceRef?: LoggerService; logLevels?: LogLevel[] };
  const before = { ref: logger.staticInstanceRef, levels: logger.logLevels };
  onTestFinished(() => {
    logger.staticInstanceRef = before.ref;
    logger.logLevels = before.levels as LogLevel[];
  });
  const of = (given: LoggerService | false) => {
    Logger.overrideLogger(given);
    return levels.map((level) => isWritten(level));
  };
  Reflect.deleteProperty(logger, 'logLevels');
  expect(of(false)).toEqual([false, false, false]);
  expect(of(new ConsoleLogger({ logLevels: ['error'] }))).toEqual([false, false, true]);
  expect(of(silent)).toEqual([true, true, true]);
  Logger.overrideLogger(['log', 'error']);
  expect(of(silent)).toEqual([false, true, true]);
});

it('takes the logger that is set, wraps it once, and writes nothing where there is none', () => {
  const logger = Logger as unknown as { staticInstanceRef?: LoggerService };
  const before = logger.staticInstanceRef;
  onTestFinished(() => void (logger.staticInstanceRef = before));
  expect(workerLogger(false)).toBe(false);
  Logger.overrideLogger(false);
  expect(workerLogger(undefined)).toBe(false);
  const own: LoggerService = { log: () => {}, error: () => {}, warn: () => {} };
  const wrapped = workerLogger(own);
  expect(wrapped).not.toBe(own);
  expect(workerLogger(wrapped)).toBe(wrapped);
  Logger.overrideLogger(wrapped);
  expect(workerLogger(undefined)).toBe(wrapped);
});

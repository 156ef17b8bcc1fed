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

const SPELLED = `
  accessToken access_token ACCESS_TOKEN access-token apiKey api_key API_KEY api-key cardNumber card_number
  clientSecret client_secret dbPassword DB_PASSWORD idToken id_token newPassword oldPassword privateKey
  refreshToken refresh_token secretAccessKey SECRET_ACCESS_KEY sessionId set-cookie signingKey userPassword
  webhookSecret WEBHOOK_SECRET password token cookie cvv`
  .trim()
  .split(/\s+/);

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

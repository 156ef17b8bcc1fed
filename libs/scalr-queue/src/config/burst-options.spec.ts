import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { formatBurst, parseBurst, toBurstSettings } from './burst-options.js';
import { OptionChecker } from '../contract/option-checker.js';

const check = new OptionChecker(QueueConfigError);
const parse = (text: string) => parseBurst(check, 'SCALR_WORKER_BURST', text);

it.each(['true', '1', 'on'])('takes %s for a plain burst', (text) => {
  expect(parse(text)).toEqual({ grace: 0, drainRetries: false });
});

it.each(['false', '0', 'off'])('takes %s for none', (text) => {
  expect(parse(text)).toBeUndefined();
});

it('reads settings, and writes them so that it reads the same', () => {
  const settings = parse('grace=30s, retries,timeout=5000');
  expect(settings).toEqual({ grace: 30_000, drainRetries: true, timeout: 5_000 });
  expect(parse(formatBurst(settings!))).toEqual(settings);
  expect(formatBurst({ grace: 0, drainRetries: false })).toBe('true');
});

it.each(['yes', 'grace', 'grace=', 'retries=1', 'grace=1s;retries'])('refuses %s', (text) => {
  expect(() => parse(text)).toThrow(/expected SCALR_WORKER_BURST/);
});

it('names what is wrong in the options', () => {
  expect(() => toBurstSettings(check, 'burst', { grace: -1 })).toThrow(
    /expected burst\.grace to be a duration/,
  );
  expect(() => toBurstSettings(check, 'burst', { gracee: 1 })).toThrow(/did you mean "grace"/);
  expect(() => toBurstSettings(check, 'burst', 'yes')).toThrow(/expected burst to be an object/);
});

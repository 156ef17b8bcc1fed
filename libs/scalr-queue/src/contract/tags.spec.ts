import { InvalidOptionError } from './errors/configuration.errors.js';
import { OptionChecker } from './option-checker.js';
import { checkTag, storedTags, tagsOf } from './tags.js';

const check = new OptionChecker(InvalidOptionError);
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `t${n}`);
const tags = (made: unknown) => tagsOf(check, 'card.charge', () => made, {});

describe('the tags of a job', () => {
  it('are what the function makes of the payload, each once', () => {
    const make = ({ tenant }: { tenant: string }) => [`tenant:${tenant}`, 'paid', 'paid'];
    expect(tagsOf(check, 'card.charge', make as never, { tenant: 'Müller' })).toEqual([
      'tenant:Müller',
      'paid',
    ]);
    expect(tags([])).toEqual([]);
    expect(tags(Array.from({ length: 10 }, (_, n) => `${n}`.padEnd(64, '🙂').slice(0, 63)))).toHaveLength(10);
  });

  it.each([
    ['no list', 'paid', 'a list of strings, got: a string of 4 characters'],
    ['nothing', undefined, 'a list of strings, got: undefined'],
    ['too many', numbered(11), 'at most 10 per job (keep what you filter by), got: 11'],
    ['too long', ['ok', 'x'.repeat(65)], 'got: a string of 65 characters'],
    ['empty', [''], 'got: a string of 0 characters'],
    [
      'with a space',
      ['two words'],
      'labels of 1 to 64 characters without white space and control characters, such as "tenant:acme"',
    ],
    ['with a line break', ['a\nb'], 'without white space'],
    ['with a mark that turns the text around', ['a\u202Eb'], 'without white space'],
    ['half a character', ['a\uD800'], 'without white space'],
    ['a number', [4_111_111], 'got: a number'],
  ])('are refused when the outcome is %s, and never shown', (_what, made, message) => {
    const call = () => tags(made);
    expect(call).toThrow(InvalidOptionError);
    expect(call).toThrow(/^expected tags of card\.charge to be /);
    expect(call).toThrow(message);
    expect(call).not.toThrow('two words');
  });

  it('are refused when they come later, and a failure then is not left unheard', async () => {
    expect(() => tags(Promise.reject(new Error('late')))).toThrow('a list of strings, got: a promise');
    // An unhandled rejection would fail the run.
    await new Promise(setImmediate);
  });

  it('are refused with the definition and the cause when the function throws', () => {
    const cause = new TypeError('reading tenant');
    const make = () => {
      throw cause;
    };
    const call = () => tagsOf(check, 'card.charge', make, {});
    expect(call).toThrow(InvalidOptionError);
    expect(call).toThrow(/^the function tags of card\.charge threw \(see cause\), and nothing was enqueued/);
    expect(call).toThrow(expect.objectContaining({ cause }));
  });

  it('are checked in a filter, where they are shown', () => {
    expect(checkTag(check, 'tag', 'a:b')).toBe('a:b');
    expect(() => checkTag(check, 'tag', 'a b')).toThrow('expected tag to be a tag: 1 to 64 characters');
  });

  it('are read from what is stored, whoever wrote that', () => {
    expect(storedTags(['a', 1, 'b c', 'd'])).toEqual(['a', 'd']);
    expect(storedTags(numbered(20))).toHaveLength(10);
    for (const other of [undefined, null, 'a', { 0: 'a', length: 1 }]) expect(storedTags(other)).toEqual([]);
  });
});

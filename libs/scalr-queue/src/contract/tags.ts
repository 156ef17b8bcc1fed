import { MAX_TAG_LENGTH, MAX_TAGS } from './defaults.js';
import { InvalidOptionError } from './errors/configuration.errors.js';
import { HiddenValue, type OptionChecker } from './option-checker.js';

/** Neither white space nor what cannot be seen or is half a character: a tag is shown, typed and compared as it is. */
const TAG = /^[^\s\p{C}]+$/u;
const TAG_RULE = `1 to ${MAX_TAG_LENGTH} characters without white space and control characters`;

/** Checks the setting `tags` of a definition. */
export function checkTagsSetting(check: OptionChecker, field: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function')
    check.fail(field, 'a function of the payload that returns a list of strings', value);
}

/** Checks the tag of a filter. */
export function checkTag(check: OptionChecker, field: string, value: unknown): string {
  return isTag(value) ? value : check.fail(field, `a tag: ${TAG_RULE}`, value);
}

/**
 * The tags of a job, each once. What is wrong with them is said without showing them: they are made of the payload.
 * @throws InvalidOptionError, also where the function throws
 */
export function tagsOf(
  check: OptionChecker,
  name: string,
  make: (payload: never) => unknown,
  payload: unknown,
): readonly string[] {
  const made = call(name, make, payload);
  const fail = (expected: string, got: unknown): never => check.fail(`tags of ${name}`, expected, got);
  if (!Array.isArray(made)) return fail('a list of strings', hidden(made));
  const tags = [...new Set(made as unknown[])];
  if (tags.length > MAX_TAGS)
    fail(`at most ${MAX_TAGS} per job (keep what you filter by)`, new HiddenValue(String(tags.length)));
  for (const tag of tags) if (!isTag(tag)) fail(`labels of ${TAG_RULE}, such as "tenant:acme"`, hidden(tag));
  return tags as string[];
}

/** The tags among what is stored, which anybody may have written. */
export function storedTags(stored: unknown): readonly string[] {
  return Array.isArray(stored) ? stored.slice(0, MAX_TAGS).filter(isTag) : [];
}

function isTag(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TAG_LENGTH && TAG.test(value);
}

function call(name: string, make: (payload: never) => unknown, payload: unknown): unknown {
  try {
    return make(payload as never);
  } catch (error) {
    throw new InvalidOptionError(
      `the function tags of ${name} threw (see cause), and nothing was enqueued: it must return a list of strings for every payload`,
      { cause: error },
    );
  }
}

/** Numbers may be a part of the payload, too. */
function hidden(value: unknown): unknown {
  if (value instanceof Promise) {
    // Nobody else hears of it.
    value.catch(() => undefined);
    return new HiddenValue('a promise');
  }
  if (value === null || value === undefined || typeof value === 'object') return value;
  return new HiddenValue(
    typeof value === 'string' ? `a string of ${value.length} characters` : `a ${typeof value}`,
  );
}

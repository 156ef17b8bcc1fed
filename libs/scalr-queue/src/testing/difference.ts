import { inspect, isDeepStrictEqual } from 'node:util';

/** One line per place in which a value is not as expected. Objects may have more keys than expected; arrays must be whole. */
export function differences(path: string, expected: unknown, actual: unknown): string[] {
  if (isMatcher(expected)) {
    return expected.asymmetricMatch(actual) ? [] : [line(path, show(expected), actual)];
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((each, index) => differences(`${path}[${index}]`, each, actual[index]));
  }
  if (isPlain(expected) && isPlain(actual)) {
    return Object.keys(expected).flatMap((key) => differences(`${path}.${key}`, expected[key], actual[key]));
  }
  return isDeepStrictEqual(expected, actual) ? [] : [line(path, show(expected), actual)];
}

/** A value on one line, cut where it is long. */
export function show(value: unknown): string {
  const text = inspect(value, { depth: 5, breakLength: Infinity, maxStringLength: 200, sorted: true });
  return text.length > 1_000 ? `${text.slice(0, 1_000)}...` : text;
}

interface Matcher {
  asymmetricMatch(actual: unknown): boolean;
}

/** What `expect.any(String)` and the like are, in Vitest, Jest and others. */
function isMatcher(value: unknown): value is Matcher {
  return typeof (value as Partial<Matcher> | null | undefined)?.asymmetricMatch === 'function';
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function line(path: string, expected: string, actual: unknown): string {
  return `${path}: expected ${expected}, got ${show(actual)}`;
}

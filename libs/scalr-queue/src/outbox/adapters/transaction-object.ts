/** A value as that type, if it has all of those methods. Libraries have transactions that are functions. */
export function objectOf<T>(value: unknown, ...methods: (keyof T & string)[]): T | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const found = value as Record<string, unknown>;
  return methods.every((method) => typeof found[method] === 'function') ? (value as T) : undefined;
}

/** A statement with `$1`, `$2` …, cut at each of them, and what goes in between. */
export function numberedParts(
  text: string,
  params: readonly string[],
): { readonly strings: string[]; readonly values: string[] } {
  const strings: string[] = [];
  const values: string[] = [];
  text.split(/\$(\d+)/).forEach((part, index) => {
    if (index % 2 === 0) strings.push(part);
    else values.push(params[Number(part) - 1]!);
  });
  return { strings, values };
}

/** The parts, with the question marks that stand for values in some libraries; those of the statement itself stay what they are. */
export const withQuestionMarks = (strings: readonly string[]): string =>
  strings.map((part) => part.replaceAll('?', String.raw`\?`)).join('?');

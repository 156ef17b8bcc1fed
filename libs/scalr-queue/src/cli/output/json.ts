/** What JSON leaves as it is though a terminal may obey it. */
const UNSAFE = /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;

/** Data for machines; the same data when it is parsed, and harmless when it is looked at. */
export function toJson(data: unknown): string {
  return JSON.stringify(data, null, 2).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

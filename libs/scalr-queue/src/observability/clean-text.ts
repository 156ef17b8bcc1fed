/**
 * What a terminal would obey instead of showing: control characters (C0, DEL, C1), and marks that turn the direction of the
 * text or end the line.
 */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;
/** The same without the end of a line and the tab. */
const UNSAFE_IN_LINES = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;

/** The text on one line, fit for a terminal: what it would obey is written out, such as `\x1b`. */
export function cleanText(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(UNSAFE, written);
}

/** The same for a text of several lines. */
export function cleanLines(text: string): string {
  return text.replace(UNSAFE_IN_LINES, written);
}

function written(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 9) return ' ';
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

const NAME_LIMIT = 120;

/** A name or an id for a log line: on one line, safe for a terminal, cut after 120 characters. */
export function cleanName(name: string): string {
  const text = cleanText(name);
  return text.length > NAME_LIMIT ? `${text.slice(0, NAME_LIMIT - 3)}...` : text;
}

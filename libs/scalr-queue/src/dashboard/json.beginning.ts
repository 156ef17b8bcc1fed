/** A token that is cut in two is not recognized as a secret any more: the last word of a cut string goes. */
export const LAST_WORD = 4_096;
const BREAK = /[\s"'<>,;&]/;

/**
 * The beginning of a JSON text, completed to JSON: what is open is closed, a name without its value is left out, a string that was
 * cut ends at its last whole word. What is no JSON stays none.
 */
export function completeJson(beginning: string): string {
  const closers: string[] = [];
  /** Up to here it is complete but for the closers. */
  let complete = 0;
  let last = '';
  for (let at = 0; at < beginning.length; at++) {
    const character = beginning[at]!;
    if (character === '"') {
      const isName = closers.at(-1) === '}' && last !== ':';
      const end = endOfString(beginning, at + 1);
      if (end.closed) {
        at = end.at;
        if (!isName) complete = at + 1;
      } else {
        const cut = isName
          ? beginning.slice(0, complete)
          : `${beginning.slice(0, cutString(beginning, at + 1, end.at))}"`;
        return cut + closers.toReversed().join('');
      }
    } else if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']');
      complete = at + 1;
    } else if (character === '}' || character === ']') {
      closers.pop();
      complete = at + 1;
    } else if (character === ',') complete = at;
    if (!/\s/.test(character)) last = character;
  }
  return beginning.slice(0, complete) + closers.toReversed().join('');
}

/** Where the string that begins here ends; of one that is cut, the end of its last whole character. */
function endOfString(text: string, from: number): { at: number; closed: boolean } {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') return { at, closed: true };
    if (text[at] !== '\\') continue;
    const length = text[at + 1] === 'u' ? 6 : 2;
    if (at + length > text.length) return { at, closed: false };
    at += length - 1;
  }
  return { at: text.length, closed: false };
}

/** Where to cut the string that begins at `from`: before its last word, and not within an escape. */
function cutString(text: string, from: number, end: number): number {
  const cut = startOfLastWord(text, from, end);
  const { at, closed } = endOfString(text.slice(0, cut), from);
  return closed ? cut : at;
}

/** A text that was cut, without its last word. */
export function withoutLastWord(text: string, from = 0, end = text.length): string {
  return text.slice(0, startOfLastWord(text, from, end));
}

function startOfLastWord(text: string, from: number, end: number): number {
  const first = Math.max(from, end - LAST_WORD);
  let at = end;
  while (at > first && !BREAK.test(text[at - 1]!)) at--;
  return at;
}

/** The known name nearest to a mistyped one, or `undefined` when none is near enough to suggest. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Infinity;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const swap = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current[column] = Math.min(swap, previous[column]! + 1, current[column - 1]! + 1);
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** What to say of a name that is not known: what may have been meant, else what there is. */
export function cureOf(given: unknown, known: readonly string[]): string {
  const suggestion = typeof given === 'string' ? nearest(given, known) : undefined;
  return suggestion ? `did you mean "${suggestion}"?` : `known are: ${known.join(', ') || 'none'}`;
}

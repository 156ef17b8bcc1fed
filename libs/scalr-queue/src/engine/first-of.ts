/** Of several sorted feeds the one whose head comes first: one step of their merge. Undefined when all are at their end. */
export function firstOf<Feed, Head>(
  feeds: Iterable<Feed>,
  headOf: (feed: Feed) => Head | undefined,
  compare: (one: Head, other: Head) => number,
): Feed | undefined {
  let first: Feed | undefined;
  let lowest: Head | undefined;
  for (const feed of feeds) {
    const head = headOf(feed);
    if (head !== undefined && (lowest === undefined || compare(head, lowest) < 0))
      [first, lowest] = [feed, head];
  }
  return first;
}

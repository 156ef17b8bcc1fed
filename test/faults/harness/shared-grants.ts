import { readFile } from 'node:fs/promises';

/** One call that a limiter granted, by a clock that all processes of the machine have: milliseconds. */
export interface Grant {
  readonly asked: number;
  readonly began: number;
  readonly ended: number;
}

/** What a process wrote down of its grants. */
export async function readGrants(file: string): Promise<Grant[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => {
    const [asked = 0, began = 0, ended = 0] = line.split(' ').map(Number);
    return { asked, began, ended };
  });
}

/** How many ran at the same time at most. */
export function mostAtATime(grants: readonly Grant[]): number {
  const changes = grants
    .flatMap(({ began, ended }) => [[began, 1] as const, [ended, -1] as const])
    // One that ends as another begins was over.
    .toSorted(([at, change], [otherAt, otherChange]) => at - otherAt || change - otherChange);
  let [running, most] = [0, 0];
  for (const [, change] of changes) most = Math.max(most, (running += change));
  return most;
}

/**
 * How many were granted within so many milliseconds for sure, at most: a grant is made between the question and its answer, so those count of
 * which both lie within.
 */
export function mostWithin(grants: readonly Grant[], ms: number): number {
  const byEnd = grants.toSorted((one, other) => one.began - other.began);
  let most = 0;
  for (const { asked: from } of grants) {
    let count = 0;
    // The first that was answered after that.
    let [low, high] = [0, byEnd.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (byEnd[middle]!.began < from) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < byEnd.length && byEnd[at]!.began <= from + ms; at++)
      if (byEnd[at]!.asked >= from) count++;
    most = Math.max(most, count);
  }
  return most;
}

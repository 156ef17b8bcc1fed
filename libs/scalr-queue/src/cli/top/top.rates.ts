import type { TopFrame } from './top.reader.js';

/** Jobs a second between two frames. */
export interface Rates {
  readonly arrived: number;
  readonly completed: number;
  readonly dead: number;
}

/** By queue; none while there is nothing to compare with. */
export function ratesBetween(before: TopFrame | undefined, now: TopFrame): ReadonlyMap<string, Rates> {
  const seconds = before ? (now.at - before.at) / 1_000 : 0;
  if (!before || seconds <= 0) return new Map();
  const rates = now.queues.flatMap((queue): [string, Rates][] => {
    const earlier = before.queues.find(({ name }) => name === queue.name);
    const [was, is] = [before.ended.get(queue.name), now.ended.get(queue.name)];
    if (!earlier || !was || !is) return [];
    const completed = Math.max(0, is.completed - was.completed);
    const dead = Math.max(0, is.dead - was.dead);
    const inQueue = (state: typeof queue) => state.waiting + state.delayed + state.running;
    // What is there now and was not, and what came and has ended.
    const arrived = Math.max(0, inQueue(queue) - inQueue(earlier) + completed + dead);
    return [
      [queue.name, { arrived: arrived / seconds, completed: completed / seconds, dead: dead / seconds }],
    ];
  });
  return new Map(rates);
}

import type { QueueInfo } from '../contract/queue-info.js';
import { formatDuration } from './output/units.js';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
}

/** What is demanded. */
export interface Demands {
  /** Queues that must have a live worker; by default those that have one, or jobs that wait for one. */
  readonly queue?: readonly string[];
  /** Longest wait of a job that could run, in milliseconds. */
  readonly maxAge?: number;
}

/** Judges the queues of an app. Redis remembers a queue for ever, so one that the code has no more is let pass when it is empty. */
export function checksOf(queues: readonly QueueInfo[], { queue: wanted, maxAge }: Demands): Check[] {
  if (wanted)
    return wanted.map((name) => {
      const queue = queues.find((one) => one.name === name);
      return queue
        ? checkOf(queue, true, maxAge)
        : { name: `queue ${name}`, ok: false, message: 'the app has no such queue' };
    });
  if (queues.length === 0)
    return [{ name: 'queues', ok: false, message: 'no live worker, and nothing was ever enqueued' }];
  const nobodyLives = queues.every(({ workers }) => workers === 0);
  return [
    ...(nobodyLives ? [{ name: 'workers', ok: false, message: 'none is live' }] : []),
    ...queues.map((queue) => checkOf(queue, hasWork(queue), maxAge)),
  ];
}

/** Jobs that could run now, or that ran when their worker went away. The time of a delayed one that is due counts as its age. */
const hasWork = ({ waiting, running, oldestPendingAgeMs }: QueueInfo): boolean =>
  waiting + running > 0 || oldestPendingAgeMs > 0;

function checkOf(queue: QueueInfo, needsWorker: boolean, maxAge = Infinity): Check {
  const { workers, oldestPendingAgeMs: age } = queue;
  const check = (ok: boolean, message: string) => ({ name: `queue ${queue.name}`, ok, message });
  if (workers === 0)
    return needsWorker ? check(false, 'no live worker') : check(true, 'no live worker, and no work for one');
  const held = queue.paused ? ', paused' : '';
  if (age > maxAge)
    return check(
      false,
      `its oldest job waits for ${formatDuration(age)}, limit ${formatDuration(maxAge)}${held}`,
    );
  const alive = `${workers} live ${workers === 1 ? 'worker' : 'workers'}`;
  const oldest = age > 0 ? `oldest job waits for ${formatDuration(age)}` : 'nothing waits';
  return check(true, `${alive}, ${oldest}${held}`);
}

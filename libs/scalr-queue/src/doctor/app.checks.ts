import type { Finding } from '../connection/server-facts.js';
import type { AppSnapshot } from '../inspection/app.state.js';
import type { StoredSchedule } from '../scheduling/schedule.store.js';

/** A job that has waited longer is worth a word. */
const OLD = 10 * 60_000;
/** A slot that is later than this was not fired. */
const LATE = 2 * 60_000;

/** What is stuck in an app. */
export function checkApp({ queues, workers, unhandled }: AppSnapshot): Finding[] {
  const findings: Finding[] = [];
  const warn = (problem: string, cure: string) => findings.push({ severity: 'warning', problem, cure });
  const takers = workers.filter(({ draining }) => !draining);
  for (const { name, waiting, delayed, paused, oldestPendingAgeMs: age } of queues) {
    const isWorkedOn = takers.some((worker) => worker.queues.includes(name));
    if (!isWorkedOn && waiting + delayed > 0) {
      warn(
        `No live worker takes jobs from the queue ${name}, which holds ${waiting + delayed}`,
        'Start a worker with its handlers, and see SCALR_WORKER_QUEUES',
      );
    }
    if (paused) warn(`The queue ${name} is paused`, `scalr-queue resume ${name}`);
    if (age > OLD) {
      warn(
        `The oldest job of the queue ${name} has been waiting for ${Math.floor(age / 60_000)} minutes`,
        'Add workers or concurrency, or see what holds them up: scalr-queue explain <id>',
      );
    }
  }
  for (const { name, queue } of unhandled) {
    if (!takers.some((worker) => worker.queues.includes(queue))) continue;
    warn(
      `No live worker handles ${name}, which is next in the queue ${queue}`,
      'Deploy a worker that has its handler, or discard the jobs',
    );
  }
  return findings;
}

/** Schedules whose last slot came to nothing. */
export function checkSchedules(schedules: readonly StoredSchedule[], now = Date.now()): Finding[] {
  return schedules.flatMap(({ spec, timetable, paused, lastRunAt }) => {
    if (paused || lastRunAt === undefined) return [];
    const due = timetable.next(lastRunAt);
    if (due + LATE > now) return [];
    return {
      severity: 'warning' as const,
      problem: `The schedule ${spec.name} was due at ${new Date(due).toISOString()} and has not run since`,
      cure: `See that a worker runs, and that the queue ${spec.queue} keeps up`,
    };
  });
}

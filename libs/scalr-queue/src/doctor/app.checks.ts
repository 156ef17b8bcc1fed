import type { Finding } from '../engine/finding.js';
import type { AppSnapshot } from '../inspection/app.state.js';
import { lateSlot } from '../scheduling/late-slot.js';
import { describeProgram, otherPrograms, type WorkerInfo } from '../contract/worker-info.js';
import { sayUnhandled } from '../contract/queue-info.js';
import type { StoredSchedule } from '../scheduling/schedule.store.js';

/** A job that has waited longer is worth a word. */
const OLD = 10 * 60_000;

/** What is stuck in an app. */
export function checkApp({ queues, workers, unhandled }: AppSnapshot): Finding[] {
  const findings: Finding[] = [];
  const warn = (problem: string, cure: string) => findings.push({ severity: 'warning', problem, cure });
  const [first, ...others] = workers;
  const [other] = first ? otherPrograms(first, others) : [];
  if (first && other)
    warn(
      `Two programs use the name of this app: ${describeProgram(first)}, and ${describeProgram(other)}`,
      "Give one of them another SCALR_APP: they take each other's jobs",
    );
  const takers = workers.filter(({ draining }) => !draining);
  for (const { name, waiting, delayed, paused, oldestPendingAgeMs: age } of queues) {
    const isWorkedOn = takers.some((worker) => worker.queues.includes(name));
    if (!isWorkedOn && waiting + delayed > 0) {
      const unselected = takers.some(({ unselectedQueues }) => unselectedQueues?.includes(name));
      warn(
        `No live worker takes jobs from the queue ${name}, which holds ${waiting + delayed}`,
        unselected
          ? `A live worker has its handlers but is set to leave it alone: add ${name} to SCALR_WORKER_QUEUES`
          : `Start a worker with the handlers of ${name}: no live worker has one`,
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
  for (const job of unhandled) {
    const said = sayUnhandled(job);
    warn(
      `${said[0]!.toUpperCase()}${said.slice(1)}. It is next in the queue ${job.queue}`,
      'Deploy a worker that has its handler, or delete the jobs',
    );
  }
  return findings;
}

/** Workers that died without shutting down within a day, latest first. */
export function checkLost(lost: readonly WorkerInfo[]): Finding[] {
  const [last] = lost;
  if (!last) return [];
  const many = lost.length === 1 ? 'A worker' : `${lost.length} workers`;
  const ran = last.runningJobs.map(({ id, queue }) => `${id} of ${queue}`);
  const running =
    ran.length === 0
      ? 'with no job'
      : `while it ran ${ran.slice(0, 3).join(', ')}${ran.length > 3 ? ' and others' : ''}`;
  return [
    {
      severity: 'warning',
      problem: `${many} died without shutting down within a day; the last, process ${last.pid} on ${last.host}, at ${last.seenAt.toISOString()} ${running}`,
      cure: 'See what killed it: memory limit, SIGKILL, a crash. All of them: scalr-queue workers --lost',
    },
  ];
}

/** Schedules with a slot that is late, or that was missed and not made up for since. */
export function checkSchedules(schedules: readonly StoredSchedule[], now = Date.now()): Finding[] {
  return schedules.flatMap((schedule) => {
    const { spec, lastMissedAt = 0, lastSuccessAt = 0 } = schedule;
    const late = lateSlot(schedule, now);
    const findings: Finding[] = [];
    const warn = (problem: string, cure: string) => findings.push({ severity: 'warning', problem, cure });
    if (late !== undefined)
      warn(
        `The schedule ${spec.name} was due at ${new Date(late).toISOString()} and has not run since`,
        `See that a worker runs, and that the queue ${spec.queue} keeps up`,
      );
    if (lastMissedAt > lastSuccessAt)
      warn(
        `The schedule ${spec.name} missed its slot at ${new Date(lastMissedAt).toISOString()} and has not succeeded since`,
        `Run it now: scalr-queue schedules run-now ${spec.name}; with missed: 'once' it would run late by itself`,
      );
    return findings;
  });
}

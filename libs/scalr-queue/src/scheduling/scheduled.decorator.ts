import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { checkMethod, type MethodName, MethodMarks } from '../contract/method-marks.js';
import type { ScheduleOptions } from './schedule-options.js';

const marks = new MethodMarks<readonly ScheduleOptions[]>(Symbol.for('scalr-queue.scheduled'));

/**
 * Has the job of a `@ProcessJob` method enqueued by the clock. Each slot is an ordinary job: it is enqueued once, however
 * many workers there are, and is retried, timed out and dead-lettered as its definition says. `ctx.scheduledFor` is the slot.
 *
 * The code is the truth: what the most recently booted worker declares holds for the whole app. So all workers of an app
 * must use the same worker module (split work with `queues` instead). The options are checked when a worker boots, which
 * fails with `QueueConfigError` where one is wrong.
 *
 * @example
 * @ProcessJob(CleanUp)
 * @Scheduled({ cron: '0 3 * * *', tz: 'Europe/Madrid', missed: 'once' })
 * async cleanUp() { ... }
 */
export function Scheduled(options: ScheduleOptions) {
  return (target: object, method: MethodName, descriptor: PropertyDescriptor): void => {
    checkMethod('@Scheduled', target, method, descriptor);
    // Decorators run from the last line up; keep the order in which they are written.
    marks.set(target, method, (known = []) => [options, ...known]);
  };
}

/** The methods of a class that are scheduled. */
export const scheduledMethodsOf = (prototype: object): MethodName[] => marks.names(prototype);

/**
 * The schedules of a method that handles `definitions` kinds of jobs.
 * @throws QueueConfigError when it is not clear which job they enqueue
 */
export function checkedSchedulesOf(
  prototype: object,
  method: MethodName,
  definitions: number,
  label: string,
): readonly ScheduleOptions[] {
  const schedules = marks.get(prototype, method) ?? [];
  if (schedules.length === 0 || definitions === 1) return schedules;
  const found = definitions === 0 ? 'none' : String(definitions);
  throw new QueueConfigError(
    `expected the @Scheduled method ${label} to have one @ProcessJob, which names the job to enqueue, got: ${found}`,
  );
}

import { CronTimetable } from './cron.timetable.js';
import { EveryTimetable } from './every.timetable.js';
import type { ScheduleSpec } from './schedule-record.js';
import type { Timetable } from './timetable.js';

const MINUTE = 60_000;

export function timetableOf({ cron, seconds, tz, every }: ScheduleSpec): Timetable {
  return cron === undefined
    ? new EveryTimetable(every ?? MINUTE)
    : new CronTimetable(cron, seconds === true, tz);
}

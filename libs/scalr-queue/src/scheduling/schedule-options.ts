import type { CarriedContext } from '../contract/carried-context.js';
import type { Duration } from '../contract/duration.js';

/** What becomes of a slot that did not start in time. */
export type MissedPolicy = 'skip' | 'once';

interface CommonOptions {
  /** Name of the schedule, unique in the app. Defaults to the name of the job; needed where one method carries several. */
  readonly name?: string;
  /** Payload of every job that the schedule enqueues, checked at boot. Left out for a job without one. */
  readonly payload?: unknown;
  /** What every job of the schedule carries, for `ctx.context`. */
  readonly context?: Partial<CarriedContext>;
  /**
   * A slot that has not started one minute after its time (half the period, where that is shorter, but at least one second)
   * is missed. `skip` (the default): it never runs. `once`: it runs late, once, however many slots were missed.
   */
  readonly missed?: MissedPolicy;
}

/** Slots by the calendar and the clock of a time zone. */
export interface CronSchedule extends CommonOptions {
  /** Five fields: minute, hour, day of the month, month, day of the week. `0 3 * * *` is every night at three. */
  readonly cron: string;
  /** IANA time zone whose clock counts, such as `Europe/Madrid`. Defaults to `UTC`. */
  readonly tz?: string;
  /** `true` for a sixth field, the seconds, in front of the five. */
  readonly seconds?: true;
  readonly every?: undefined;
}

/** Slots at equal distances, counted from the epoch, so that all processes agree on them: `1h` means on the hour (UTC). */
export interface EverySchedule extends CommonOptions {
  /** Distance of two slots, at least one second. */
  readonly every: Duration;
  readonly cron?: undefined;
  readonly tz?: undefined;
  readonly seconds?: undefined;
}

/** What `@Scheduled` takes: either `cron` or `every`. */
export type ScheduleOptions = CronSchedule | EverySchedule;

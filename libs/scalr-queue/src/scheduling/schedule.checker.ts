import { Inject, Injectable } from '@nestjs/common';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { EnqueueOptions } from '../contract/enqueue-options.js';
import type { AnyJobDefinition } from '../contract/job-definition.js';
import { readMeta } from '../engine/job-meta.js';
import { MAX_DURATION } from '../contract/defaults.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { prepareJob } from '../producer/prepared-job.js';
import { checkCron, checkZone } from './cron.checker.js';
import type { ScheduleOptions } from './schedule-options.js';
import type { ScheduleSpec } from './schedule-record.js';

/** A handler as far as its schedules go. */
export interface ScheduledHandler {
  readonly definition: AnyJobDefinition;
  /** `CleanupProcessor.run`, for messages. */
  readonly label: string;
  readonly schedules: readonly ScheduleOptions[];
}

type When = Pick<ScheduleSpec, 'cron' | 'written' | 'tz' | 'seconds' | 'every'>;

const COMMON = ['name', 'payload', 'context', 'missed'];
const SHORTEST_PERIOD = 1_000;
const check = new OptionChecker(QueueConfigError);

/** Checks what `@Scheduled` was given and fills in the defaults. */
@Injectable()
export class ScheduleChecker {
  constructor(@Inject(RESOLVED_OPTIONS) private readonly app: ResolvedOptions) {}

  /** @throws QueueConfigError that names the handler, the schedule and the field */
  async check(handlers: Iterable<ScheduledHandler>): Promise<ScheduleSpec[]> {
    const owners = new Map<string, string>();
    const specs: ScheduleSpec[] = [];
    for (const { definition, label, schedules } of handlers) {
      for (const options of schedules) {
        const spec = await this.toSpec(definition, label, options);
        const owner = owners.get(spec.name);
        if (owner !== undefined) {
          throw new QueueConfigError(
            `two schedules are called "${spec.name}": of ${owner} and of ${label}. Give one of them another name.`,
          );
        }
        owners.set(spec.name, label);
        specs.push(spec);
      }
    }
    return specs;
  }

  private async toSpec(definition: AnyJobDefinition, label: string, options: unknown): Promise<ScheduleSpec> {
    const subject = `the schedule of ${label}`;
    const given = check.object(subject, options, [...COMMON, 'cron', 'tz', 'seconds', 'every']);
    const name = given.name === undefined ? definition.name : check.name(`name of ${subject}`, given.name);
    const of = `of the schedule "${name}" (${label})`;
    const when = whenOf(of, given);
    const missed =
      given.missed === undefined ? 'skip' : check.oneOf(`missed ${of}`, given.missed, ['skip', 'once']);
    return { name, ...when, missed, ...(await this.jobOf(definition, of, given)) };
  }

  /** What each job of the schedule has in common; a slot is never taken for a duplicate of another job. */
  private async jobOf(
    definition: AnyJobDefinition,
    of: string,
    { payload, context }: Record<string, unknown>,
  ) {
    try {
      const job = await prepareJob(
        definition,
        payload,
        { unique: false, context: context as EnqueueOptions['context'] },
        this.app,
      );
      const {
        jobId: _id,
        timestamp,
        scalr: _meta,
        ...options
      } = job.options as object as Record<string, unknown>;
      const { expiresAt, ...meta } = readMeta(job.options);
      return {
        job: job.name,
        queue: job.queue,
        data: JSON.parse(job.json) as unknown,
        options: { ...options, scalr: meta },
        ...(expiresAt === undefined ? {} : { expiresIn: expiresAt - Number(timestamp) }),
      };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new QueueConfigError(`expected payload ${of} to be one that the job takes: ${why}`, {
        cause: error,
      });
    }
  }
}

function whenOf(of: string, given: Record<string, unknown>): When {
  const { cron, every, seconds, tz } = given;
  if ((cron === undefined) === (every === undefined)) {
    const found = cron === undefined ? 'neither' : 'both';
    throw new QueueConfigError(`expected either cron or every ${of}, got: ${found}`);
  }
  if (every !== undefined) {
    if (tz !== undefined) check.fail(`tz ${of}`, 'left out beside every, which knows no time zone', tz);
    if (seconds !== undefined) check.fail(`seconds ${of}`, 'left out beside every', seconds);
    return { every: check.duration(`every ${of}`, every, SHORTEST_PERIOD, MAX_DURATION) };
  }
  const withSeconds = seconds !== undefined && check.boolean(`seconds ${of}`, seconds);
  const zone = checkZone(check, `tz ${of}`, tz);
  return {
    ...checkCron(check, `cron ${of}`, cron, withSeconds),
    tz: zone,
    ...(withSeconds ? { seconds: true } : {}),
  };
}

import { z } from 'zod';
import { QueueConfigError } from '../errors/configuration.errors.js';
import { type AnyJobDefinition, defineJob } from '../jobs/job-definition.js';
import { resolveOptions } from '../options/resolved-options.js';
import { ScheduleChecker } from './schedule.checker.js';
import type { ScheduleOptions } from './schedule-options.js';

const app = resolveOptions({ app: 'test', redis: 'redis://localhost' });
const checker = new ScheduleChecker(app);
const CleanUp = defineJob('cleanup');
const Report = defineJob('report', {
  payload: z.object({ kind: z.string() }),
  queue: 'slow',
  expiresIn: '1h',
  unique: true,
});

function check(schedule: unknown, definition: AnyJobDefinition = CleanUp) {
  const label = 'CleanupProcessor.run';
  return checker.check([{ definition, label, schedules: [schedule as ScheduleOptions] }]);
}

const CRON =
  'expected cron of the schedule "cleanup" (CleanupProcessor.run) to be a cron expression of 5 fields (minute, hour, day of the month, month, day of the week)';

describe('a wrong schedule', () => {
  it.each([
    [
      { every: 999 },
      'expected every of the schedule "cleanup" (CleanupProcessor.run) to be a duration from 1000 to 31622400000 ms',
    ],
    [{ every: '0.5s' }, 'got: "0.5s"'],
    [{ every: -5 }, 'got: -5'],
    [{ every: '1000' }, 'got: "1000"'],
    [{ every: 1_000.5 }, 'got: 1000.5'],
    [
      { every: '15m', cron: '* * * * *' },
      'expected either cron or every of the schedule "cleanup" (CleanupProcessor.run), got: both',
    ],
    [{}, 'expected either cron or every of the schedule "cleanup" (CleanupProcessor.run), got: neither'],
    [
      { every: '15m', tz: 'UTC' },
      'expected tz of the schedule "cleanup" (CleanupProcessor.run) to be left out beside every',
    ],
    [
      { every: '15m', seconds: true },
      'expected seconds of the schedule "cleanup" (CleanupProcessor.run) to be left out beside every',
    ],
    [{ cron: '' }, `${CRON}, got: ""`],
    [{ cron: '* * * *' }, `${CRON}, got: "* * * *"`],
    [{ cron: '@daily' }, `${CRON}, got: "@daily"`],
    [{ cron: '0 * * * * *' }, `${CRON}; a sixth, the seconds, needs seconds: true, got: "0 * * * * *"`],
    [{ cron: '* * * * *', seconds: true }, 'a cron expression of 6 fields (second, minute,'],
    [{ cron: '60 * * * *' }, `${CRON} (got value 60 expected range 0-59), got: "60 * * * *"`],
    [{ cron: '0 0 30 2 *' }, 'Invalid explicit day of month definition'],
    [{ cron: '*/90 * * * *' }, `${CRON}, with steps of at most 60 for the minute, got: "*/90 * * * *"`],
    [{ cron: 'H * * * *' }, `${CRON}, without H, got: "H * * * *"`],
    [{ cron: 5 }, `${CRON}, got: 5`],
    [
      { cron: '0 3 * * *', tz: 'Mars/Phobos' },
      'expected tz of the schedule "cleanup" (CleanupProcessor.run) to be an IANA time zone such as "Europe/Madrid", got: "Mars/Phobos"',
    ],
    [{ cron: '0 3 * * *', tz: '' }, 'got: ""'],
    [
      { every: '1h', missed: 'all' },
      'expected missed of the schedule "cleanup" (CleanupProcessor.run) to be one of "skip", "once", got: "all"',
    ],
    [
      { every: '1h', name: 'a:b' },
      'expected name of the schedule of CleanupProcessor.run to be 1 to 128 characters',
    ],
    [{ evry: '1h' }, 'unknown option "evry" in the schedule of CleanupProcessor.run, did you mean "every"?'],
    ['1h', 'expected the schedule of CleanupProcessor.run to be an object, got: "1h"'],
    [
      { every: '1h', payload: new Map() },
      'expected payload of the schedule "cleanup" (CleanupProcessor.run) to be one that the job takes',
    ],
  ])('%o is refused with the field and the handler', async (schedule, message) => {
    const error = await check(schedule).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QueueConfigError);
    expect((error as Error).message).toContain(message);
  });

  it('is one whose payload the schema refuses; the payload is not shown', async () => {
    const error = await check({ every: '1h', payload: { kind: 4_111_111 } }, Report).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as Error).message).toMatch(
      /^expected payload of the schedule "report" \(CleanupProcessor\.run\) to be one that the job takes: .*\$\.kind/,
    );
    expect((error as Error).message).not.toContain('4111111');
    await expect(check({ every: '1h' }, Report)).rejects.toThrow(QueueConfigError);
  });

  it('is a second one of the same name', async () => {
    const every: ScheduleOptions = { every: '1h' };
    const handlers = ['A.run', 'B.run'].map((label) => ({ definition: CleanUp, label, schedules: [every] }));
    await expect(checker.check(handlers)).rejects.toThrow(
      'two schedules are called "cleanup": of A.run and of B.run. Give one of them another name.',
    );
  });
});

describe('a right schedule', () => {
  it('has the name of its job, UTC and skip by default', async () => {
    expect(await check({ cron: ' 0  3 * * MON-THU ' })).toMatchObject([
      {
        name: 'cleanup',
        job: 'cleanup',
        queue: 'default',
        cron: '0 3 * * MON-THU',
        tz: 'UTC',
        missed: 'skip',
      },
    ]);
  });

  it('carries all that its jobs need, and none is a duplicate of another', async () => {
    const [spec] = await check(
      { name: 'daily', every: '1d', missed: 'once', payload: { kind: 'a' } },
      Report,
    );
    expect(spec).toMatchObject({
      name: 'daily',
      job: 'report',
      queue: 'slow',
      every: 86_400_000,
      missed: 'once',
      data: { kind: 'a' },
      expiresIn: 3_600_000,
      options: { attempts: 5, backoff: { type: 'scalr' }, scalr: {} },
    });
    for (const key of ['jobId', 'timestamp', 'delay', 'deduplication'])
      expect(spec?.options).not.toHaveProperty(key);
  });
});

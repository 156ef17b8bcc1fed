import { z } from 'zod';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { type AnyJobDefinition, defineJob } from '../contract/job-definition.js';
import { resolveOptions } from '../config/resolved-options.js';
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
    [{ cron: '@reboot' }, `${CRON}, got: "@reboot"`],
    [{ cron: '0 * * * * *' }, `${CRON}; a sixth, the seconds, needs seconds: true, got: "0 * * * * *"`],
    [{ cron: '* * * * *', seconds: true }, 'a cron expression of 6 fields (second, minute,'],
    [{ cron: '60 * * * *' }, `${CRON}, with 0 to 59 for the minute, got: "60 * * * *"`],
    [{ cron: '0 0 30 2 *' }, `${CRON}, with a day that its months have, got: "0 0 30 2 *"`],
    [{ cron: '*/90 * * * *' }, `${CRON}, with steps of 1 to 60 for the minute, got: "*/90 * * * *"`],
    [{ cron: '*/0 * * * *' }, `${CRON}, with steps of 1 to 60 for the minute, got: "*/0 * * * *"`],
    [{ cron: '0 0 15W * *' }, `${CRON}, without W (the nearest weekday): run on the days around it`],
    [{ cron: '0 0 LW * *' }, `${CRON}, without W (the nearest weekday)`],
    [{ cron: '0 0 L-3 * *' }, `${CRON}, without L-n (days before the end of the month)`],
    [{ cron: '0 0 * * L' }, `${CRON}, with the day before L in the day of the week: 5L is the last Friday`],
    [{ cron: '0 0 * * 1#6' }, `${CRON}, with # as in 1#2, the second Monday: the number is 1 to 5`],
    [{ cron: '0 0 * * 1#2,3#1' }, `${CRON}, with one # and nothing beside it: give the method a second @S`],
    [{ cron: '0 0 * * MON-FUN' }, 'with numbers, names such as MON, ranges, lists, * and / for the day of t'],
    [{ cron: 'L * * * *' }, 'with numbers, ranges, lists, * and / for the minute, and not "L"'],
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
  it('can be a line of another cron: stored so that older workers read it, and shown as it was written', async () => {
    expect(await check({ cron: '*/20,*/30 * * * FRI-SUN' })).toMatchObject([
      { cron: '0,20,30,40 * * * 0,5,6', written: '*/20,*/30 * * * FRI-SUN' },
    ]);
    expect(await check({ cron: '@daily' })).toMatchObject([{ cron: '0 0 * * *', written: '@daily' }]);
    const [plain] = await check({ cron: '0 3 1,15 * mon-fri' });
    expect(plain).toMatchObject({ cron: '0 3 1,15 * mon-fri' });
    expect(plain).not.toHaveProperty('written');
  });

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

import type { LoggerService } from '@nestjs/common';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { QueuesService, type ScheduleOptions } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { startWorker } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';
import { startApp, ticker } from '../support/schedules.js';

const nightly: ScheduleOptions = { name: 'nightly', cron: '0 3 * * *' };
const beat: ScheduleOptions = { name: 'beat', every: '1h' };

/** What workers of this process warn of. */
function listen() {
  const lines: string[] = [];
  const logger: LoggerService = {
    log: () => undefined,
    error: () => undefined,
    warn: (line: string) => void lines.push(line),
  };
  return { lines, logger };
}

describe('the schedules of a version', () => {
  it('that was taken back give way to those of the version that lives, and who removed what is told', async () => {
    const { app, names, jobs, schedules } = await startApp();
    const { lines, logger } = listen();
    await startWorker({ app, providers: ticker([], nightly, beat) });
    await eventually(async () => expect(await names()).toEqual(['beat', 'nightly']));
    const bad = await startWorker({ app, providers: ticker([], beat) }, { logger });
    await eventually(async () => expect(await names()).toEqual(['beat']));
    await eventually(() =>
      expect(lines.join('\n')).toMatch(
        /^Schedule "nightly": removed by .+, process \d+, whose code does not have it; it was declared by .+ process \d+$/m,
      ),
    );
    // Replicas of one version come and go without a word.
    const replica = await startWorker({ app, providers: ticker([], beat) }, { logger });
    await replica.close();
    await bad.close();
    await eventually(async () => expect(await names()).toEqual(['beat', 'nightly']), { timeout: 25_000 });
    // Once, however often the older worker has looked meanwhile.
    expect(lines.filter((line) => line.includes('which booted after this worker'))).toEqual([
      expect.stringMatching(
        /^Schedule "nightly": removed by .+, process \d+, which booted after this worker; /,
      ),
    ]);
    const next = (await schedules.list())[1]!.nextRunAt;
    await eventually(async () => expect((await jobs.get(`slot-${+next}-nightly`))?.state).toBe('delayed'));
  });
});

describe('two programs under one name', () => {
  it('keep their schedules, and are told of by the log, the workers and the metrics', async () => {
    const { app, names, get } = await startApp();
    const first = await startWorker({ app, providers: ticker([], nightly) });
    await eventually(async () => expect(await names()).toEqual(['nightly']));
    const script = new URL('children/other-program/worker.mjs', import.meta.url);
    const child = fork(script, [sharedRedisUrl(), app], { silent: true });
    // Heard of from the start: one that has ended by itself says so once.
    const gone = once(child, 'exit');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await gone;
    });
    let output = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (text) => (output += String(text)));
    await eventually(async () => expect(await names()).toEqual(['nightly', 'report']), { timeout: 30_000 });
    await eventually(() =>
      expect(output).toMatch(
        new RegExp(
          `Two programs use the name "${app}": this one \\(other-program .*worker\\.mjs\\) and .*, started with `,
        ),
      ),
    );
    const programs = async () => (await get(QueuesService).workers()).map(({ program }) => program);
    await eventually(async () => expect(new Set(await programs()).size).toBe(2));
    await eventually(async () => {
      const metrics = await (await fetch(`${first.url}/metrics`)).text();
      expect(metrics).toMatch(/^scalr_queue_programs{.*} 2$/m);
    });
    // A further worker of the first program changes nothing of the other.
    await startWorker({ app, providers: ticker([], beat) });
    await eventually(async () => expect(await names()).toEqual(['beat', 'report']));
  });
});

import { Logger } from '@nestjs/common';
import { ErrorCode } from 'bullmq';
import { ConnectionLog } from './connection-log.js';

describe('the line of trouble with Redis', () => {
  const lines: string[] = [];
  const lineOf = (message: string, code?: ErrorCode) => {
    lines.length = 0;
    new ConnectionLog('redis:6379').trouble(Object.assign(new Error(message), { code }));
    return lines[0];
  };
  beforeAll(() => {
    const write = (line: string) => void lines.push(line);
    Logger.overrideLogger({ log: write, error() {}, warn: write });
  });
  afterAll(() => Logger.overrideLogger(false));

  it('says what happened to a job that the engine no longer finds, and does not say that it tries again', () => {
    const line = lineOf('Missing key for job mail~7. moveToFinished', ErrorCode.JobNotExist);
    expect(line).toContain('job 7');
    expect(line).toContain('failover');
    expect(line).not.toMatch(/Missing key|trying again/);
  });

  it('goes by the code of the error, not by its text', () => {
    expect(lineOf('Missing key for job mail~7. moveToFinished')).toContain('trying again');
    expect(lineOf('no such job', ErrorCode.JobNotExist)).toContain('no such job');
  });

  it('names Redis and the error otherwise', () => {
    expect(lineOf('CLUSTERDOWN Hash slot not served')).toBe(
      'Redis at redis:6379: CLUSTERDOWN Hash slot not served; trying again',
    );
  });

  it('is said once in ten seconds, with how many were left out, and that Redis is back only after it', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const log = new ConnectionLog('redis:6379');
    lines.length = 0;
    log.recovered();
    log.trouble(new Error('read ECONNRESET'));
    for (let more = 0; more < 3; more++) log.trouble(new Error('connect ECONNREFUSED'));
    vi.advanceTimersByTime(9_999);
    log.trouble(new Error('connect ECONNREFUSED'));
    log.recovered();
    log.recovered();
    vi.advanceTimersByTime(1);
    log.trouble(new Error('connect ECONNREFUSED'));
    vi.advanceTimersByTime(10_000);
    log.trouble(new Error('connect ETIMEDOUT'));
    vi.useRealTimers();
    expect(lines).toEqual([
      'Redis at redis:6379: read ECONNRESET; trying again',
      'Redis at redis:6379: connected again',
      'Redis at redis:6379: connect ECONNREFUSED; trying again (4 more since the last line)',
      'Redis at redis:6379: connect ETIMEDOUT; trying again',
    ]);
  });

  it('is said once of locks that are not renewed, until one is again, and once a minute at most', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const log = new ConnectionLog('redis:6379');
    lines.length = 0;
    const refused = (message: string) => log.locksRefused(new Error(message));
    refused('MISCONF Errors writing to the AOF file script: 9f2, on @user_script:53.');
    refused('MISCONF Errors writing to the AOF file');
    log.locksRenewed();
    vi.advanceTimersByTime(59_999);
    refused('OOM command not allowed');
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(1);
    refused("NOPERM this user has no permissions to run the 'evalsha' command");
    vi.advanceTimersByTime(60_000);
    refused('OOM command not allowed');
    expect(lines).toHaveLength(2);
    log.locksRenewed();
    refused('SOMETHING else');
    const end = 'They run on; one whose lock has expired another worker may run as well';
    expect(lines).toEqual([
      `Redis at redis:6379 refuses to renew the locks of running jobs: it cannot save to disk (MISCONF Errors writing to the AOF file). ${end}`,
      expect.stringMatching(
        /refuses to renew the locks of running jobs: the Redis user may not use EVALSHA\. .* \(NOPERM this user has no permissions to run the 'evalsha' command\)\. They run on/,
      ),
      `Redis at redis:6379 refuses to renew the locks of running jobs: SOMETHING else. ${end}`,
    ]);
  });
});

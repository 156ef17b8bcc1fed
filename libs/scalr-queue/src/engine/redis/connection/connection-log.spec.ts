import { Logger } from '@nestjs/common';
import { ConnectionLog } from './connection-log.js';

describe('the line of trouble with Redis', () => {
  const lines: string[] = [];
  const lineOf = (message: string) => {
    lines.length = 0;
    new ConnectionLog('redis:6379').trouble(new Error(message));
    return lines[0];
  };
  beforeAll(() => {
    const write = (line: string) => void lines.push(line);
    Logger.overrideLogger({ log: write, error() {}, warn: write });
  });
  afterAll(() => Logger.overrideLogger(false));

  it('says what happened to a job that the engine no longer finds, and does not say that it tries again', () => {
    const line = lineOf('Missing key for job mail~7. moveToFinished');
    expect(line).toContain('job 7');
    expect(line).toContain('failover');
    expect(line).not.toMatch(/Missing key|trying again/);
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
});

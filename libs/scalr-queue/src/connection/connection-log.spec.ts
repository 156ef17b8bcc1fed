import { Logger } from '@nestjs/common';
import { ConnectionLog } from './connection-log.js';

describe('the line of trouble with Redis', () => {
  const lines: string[] = [];
  const lineOf = (message: string) => {
    lines.length = 0;
    new ConnectionLog('redis:6379').trouble(new Error(message));
    return lines[0];
  };
  beforeAll(() =>
    Logger.overrideLogger({ log() {}, error() {}, warn: (line: string) => void lines.push(line) }),
  );
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
});

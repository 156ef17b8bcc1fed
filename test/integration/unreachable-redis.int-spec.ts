import { Logger } from '@nestjs/common';
import { defineJob, JobsService } from 'scalr-queue';
import { startProducer, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { RedisServer } from '../support/redis.js';

const Note = defineJob('note');

/** What is logged while the test runs. */
function captureLog(): string[] {
  const lines: string[] = [];
  const write = (message: unknown) => void lines.push(String(message));
  Logger.overrideLogger({ log: write, warn: write, error: write });
  onTestFinished(() => Logger.overrideLogger(false));
  return lines;
}

describe('a Redis that cannot be reached', () => {
  it('is told with its address and the reason, to callers and in the log, and taken when it is there', async () => {
    const port = await freePort();
    const lines = captureLog();
    const redis = `redis://app:hunter2@127.0.0.1:${port}`;
    const { queue, get } = await startProducer({ app: uniqueApp(), redis }, { quiet: false });
    const why = `Redis at 127.0.0.1:${port} is not reachable: connect ECONNREFUSED 127.0.0.1:${port}`;
    await expect(queue.enqueue(Note)).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: `${why}. Nothing was enqueued; it is safe to try again.`,
    });
    await expect(get(JobsService).get('nobody')).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: why,
    });
    const trouble = `Redis at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}; trying again`;
    expect(lines.filter((line) => line.startsWith('Redis at'))).toEqual([trouble]);
    expect(lines.join('\n')).not.toContain('hunter2');
    await using server = await RedisServer.start({ port, acl: ['user app on >hunter2 ~* &* +@all'] });
    expect(server.port).toBe(port);
    await eventually(() => queue.enqueue(Note));
    expect(lines.filter((line) => line.startsWith('Redis at'))).toEqual([
      trouble,
      `Redis at 127.0.0.1:${port}: connected again`,
    ]);
  });
});

import { onTestFinished } from 'vitest';
import { Redis } from 'ioredis';
import { uniqueApp } from '../support/apps.js';
import { commandLine } from '../support/command-line.js';
import { sharedRedisUrl } from '../support/redis.js';

it('tells with --once what happens now, not the average since the workers started', async () => {
  const app = uniqueApp();
  const redis = new Redis(sharedRedisUrl());
  const index = `scalr:{${app}}:~workers`;
  const started = Date.now() - 86_400_000;
  // A worker that was idle for a day, and by its own clock has ended ten jobs a second since.
  let seconds = 0;
  const beat = () => {
    seconds++;
    const counts = [{ queue: 'mail', completed: 10 * seconds, dead: 0, retried: 0 }];
    const text = JSON.stringify({
      id: 'w',
      host: 'h',
      pid: 1,
      libraryVersion: '1.0.0',
      queues: ['mail'],
      jobs: [],
      catchAllQueues: [],
      running: 0,
      runningJobs: [],
      counts,
      draining: false,
      startedAt: started,
      seenAt: started + 86_400_000 + seconds * 1_000,
    });
    return redis.pipeline().hset(index, 'w', text).set(`${index}:w`, text, 'PX', 20_000).exec();
  };
  await beat();
  const beats = setInterval(() => void beat(), 100);
  onTestFinished(() => {
    clearInterval(beats);
    redis.disconnect();
  });
  const { out } = await commandLine(app, sharedRedisUrl())('top --once --json');
  expect(JSON.parse(out)).toMatchObject({ sinceStart: false, rates: { mail: { completed: 10, dead: 0 } } });
});

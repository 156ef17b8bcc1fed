import { NestFactory } from '@nestjs/core';
import { ScalrQueueModule } from 'scalr-queue';
import { uniqueApp } from '../support/apps.js';
import { refusalOf } from '../support/hostile.js';
import { sharedRedisUrl } from '../support/redis.js';

describe('a boot with wrong options', () => {
  it.each<[object, string]>([
    [{ redis: 'redis://app:12/s3cret@h/0' }, 'expected redis to be a URL like redis://user:password@host:6379/0'],
    [{ redis: 'redis://app:s3cret#@h' }, 'percent-encode special characters of the password'],
    [{ redis: 'http://:s3cret@h' }, 'with redis:// or rediss://, got: a URL with http://'],
    [{ redis: 'redis://:s3cret@h:99999' }, 'got: a string that is not a URL'],
    [{ redis: 'redis://:s3cret@h/9999999999' }, 'with a database from 0 to 2147483647, got: the database of a longer number'],
    [{ app: 'a b' }, 'expected app to be 1 to 64 characters'],
    [{ app: '' }, 'expected app to be 1 to 64 characters'],
    [{ app: 'a:b{c}*' }, 'expected app to be 1 to 64 characters'],
    [{ worker: { concurrency: 0 } }, 'expected worker.concurrency to be an integer from 1 to 1000, got: 0'],
    [{ worker: { stalledInterval: 0 } }, 'expected worker.stalledInterval to be a duration from 100 to 3600000 ms'],
    [{ worker: { lockDuration: '5s' } }, 'expected worker.lockDuration to be at least twice worker.stalledInterval (10000 ms), got: 5000'],
    [{ redis: { host: 'h', keyPrefix: 'x' } }, 'unknown option "keyPrefix" in redis'],
    [{ concurrency: 5 }, 'unknown option "concurrency" in the options of ScalrQueueModule'],
  ])('fails with a sentence and without the password: %o', async (wrong, message) => {
    const options = { app: uniqueApp(), redis: sharedRedisUrl(), ...wrong };
    for (const module of [
      () => ScalrQueueModule.forRoot(options),
      () => ScalrQueueModule.forRootAsync({ useFactory: () => options }),
    ]) {
      const boot = async () => {
        const context = await NestFactory.createApplicationContext(module(), { logger: false, abortOnError: false });
        await context.close();
      };
      const error = await refusalOf(boot());
      expect(error.code).toBe('QUEUE_CONFIG');
      expect(error.message).toContain(message);
      expect(`${error.message}${error.stack}`).not.toContain('s3cret');
    }
  }); // prettier-ignore
});

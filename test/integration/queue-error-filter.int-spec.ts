import { Body, Controller, type INestApplication, Post } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { defineJob, EnqueueService, QueueErrorFilter, WaitTimeoutError } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { testModule } from '../support/apps.js';
import { freePort } from '../support/ports.js';
import { sharedRedisUrl } from '../support/redis.js';

const Mail = defineJob<{ to: unknown }>('mail', { retry: false });

class Mails {
  constructor(private readonly queue: EnqueueService) {}

  send(body: { to?: unknown; id?: string; wait?: boolean }) {
    if (body.wait) throw new WaitTimeoutError('job-1', 5);
    const to = body.to === 'date' ? new Date(0) : body.to;
    return this.queue.enqueue(Mail, { to }, body.id === undefined ? {} : { id: body.id });
  }
}
Reflect.defineMetadata('design:paramtypes', [EnqueueService], Mails);
Controller('mails')(Mails);
Post()(Mails.prototype, 'send', Object.getOwnPropertyDescriptor(Mails.prototype, 'send')!);
Body()(Mails.prototype, 'send', 0);

async function web(redis: string, prepare: (app: INestApplication) => unknown, providers = [{}]) {
  const module = testModule({ redis, controllers: [Mails], providers: providers as [] });
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  onTestFinished(() => app.close());
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return async (body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/mails`, { method: 'POST', headers, body: JSON.stringify(body) });
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      body: await response.json(),
    };
  };
}

const provided = [{ provide: APP_FILTER, useClass: QueueErrorFilter }];

describe('the errors of the queue as HTTP answers', () => {
  it.each([
    ['provided', () => undefined, provided],
    ['given to the application', (app: INestApplication) => app.useGlobalFilters(new QueueErrorFilter()), []],
  ])('are a 503 with Retry-After while Redis is down: %s', async (_, prepare, providers) => {
    const port = await freePort();
    const post = await web(`redis://:secret@127.0.0.1:${port}`, prepare, providers);
    expect(await post({ to: 'a' })).toEqual({
      status: 503,
      retryAfter: '5',
      body: { statusCode: 503, code: 'QUEUE_UNAVAILABLE', message: 'the job queue cannot be reached' },
    });
  });

  it('are a 400 for what the request did wrong; and a 504 for a wait that was too long', async () => {
    const post = await web(sharedRedisUrl(), () => undefined, provided);
    expect(await post({ to: 'a' })).toMatchObject({ status: 201 });
    expect(await post({ to: 'date' })).toMatchObject({
      status: 400,
      retryAfter: null,
      body: { code: 'PAYLOAD_NOT_SERIALIZABLE' },
    });
    expect(await post({ to: 'a', id: '' })).toMatchObject({ status: 400, body: { code: 'INVALID_OPTION' } });
    expect(await post({ wait: true })).toMatchObject({
      status: 504,
      body: { code: 'WAIT_TIMEOUT', jobId: 'job-1' },
    });
  });
});

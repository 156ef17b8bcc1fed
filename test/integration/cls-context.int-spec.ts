import { Body, Controller, type INestApplication, Inject, Injectable, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { ClsModule, ClsService } from 'nestjs-cls';
import {
  contextFromCls,
  defineJob,
  EnqueueService,
  type JobContext,
  JobsService,
  ProcessJob,
} from 'scalr-queue';
import { TestQueue, useTestQueue } from 'scalr-queue/testing';
import { startWorker, testModule, uniqueApp } from '../support/apps.js';

declare module 'scalr-queue' {
  interface CarriedContext {
    tenant: string;
    correlationId: string;
  }
}

const Outer = defineJob<string, unknown[]>('outer');
const Inner = defineJob<string, unknown[]>('inner');

/** Two at a time: none ends before the other has begun. */
const meeting = (wanted: number) => {
  let open = () => {};
  const all = new Promise<void>((resolve) => (open = resolve));
  let here = 0;
  return () => {
    if (++here === wanted) open();
    return all;
  };
};

@Injectable()
class Handlers {
  meet: () => Promise<void> = () => Promise.resolve();

  constructor(
    @Inject(ClsService) private readonly cls: ClsService,
    @Inject(EnqueueService) private readonly queue: EnqueueService,
  ) {}

  @ProcessJob(Outer)
  async outer(payload: string, { context }: JobContext) {
    await this.meet();
    // What a handler says is carried on, and stays with it.
    if (payload === 'renames') this.cls.set('tenant', 'renamed');
    const { id } = await this.queue.enqueue(Inner, payload);
    return [id, context.tenant, this.cls.get('tenant'), this.cls.get('other') ?? 'nothing'];
  }

  @ProcessJob(Inner)
  inner(_payload: string, { context }: JobContext): unknown[] {
    return [context.tenant, this.cls.get('tenant'), context.correlationId];
  }
}

@Controller()
class Orders {
  constructor(@Inject(EnqueueService) private readonly queue: EnqueueService) {}

  @Post('orders')
  async order(@Body() { payload, given }: { payload: string; given?: object }) {
    return this.queue.enqueue(Outer, payload, given ? { context: given } : {});
  }
}

const appOf = (app: string) => ({
  app,
  hooks: [contextFromCls(['tenant', 'correlationId'])],
  imports: [
    ClsModule.forRoot({
      global: true,
      middleware: {
        mount: true,
        setup: (cls, request: { headers: Record<string, string> }) => {
          cls.set('tenant', request.headers['x-tenant']);
          cls.set('correlationId', 'c-1');
          cls.set('other', 'of the request');
        },
      },
    }),
  ],
});

async function clientOf(app: INestApplication) {
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const jobs = app.get(JobsService);
  return {
    order: async (tenant: string, payload: string, given?: object) => {
      const headers = { 'content-type': 'application/json', 'x-tenant': tenant };
      const body = JSON.stringify({ payload, given });
      const answer = await fetch(`${url}/orders`, { method: 'POST', headers, body });
      return ((await answer.json()) as { id: string }).id;
    },
    jobs,
  };
}

describe('what nestjs-cls has of a request', () => {
  it('is there in the worker, of each job its own, and in the jobs of its jobs', async () => {
    const app = uniqueApp();
    const worker = await startWorker({ ...appOf(app), providers: [Handlers] });
    worker.context.get(Handlers).meet = meeting(4);
    const web = testModule({ ...appOf(app), controllers: [Orders] });
    const { order, jobs } = await clientOf(await NestFactory.create(web, { logger: false }));
    const ids = [
      await order('acme', 'plain'),
      await order('other', 'plain'),
      await order('acme', 'renames'),
      await order('acme', 'given', { tenant: 'chosen' }),
    ];
    const outer = await Promise.all(ids.map((id) => jobs.waitFor({ id, name: 'outer' }, { timeout: '20s' })));
    const ends = outer as unknown[][];
    expect(ends.map(([, ...rest]) => rest)).toEqual([
      ['acme', 'acme', 'nothing'],
      ['other', 'other', 'nothing'],
      ['acme', 'renamed', 'nothing'],
      ['chosen', 'chosen', 'nothing'],
    ]);
    const inner = await Promise.all(
      ends.map(([id]) => jobs.waitFor({ id: String(id), name: 'inner' }, { timeout: '20s' })),
    );
    expect(inner).toEqual([
      ['acme', 'acme', 'c-1'],
      ['other', 'other', 'c-1'],
      ['renamed', 'renamed', 'c-1'],
      ['chosen', 'chosen', 'c-1'],
    ]);
  });

  it('is there in the test kit', async () => {
    const root = testModule({ ...appOf('kit'), providers: [Handlers], controllers: [Orders] });
    const module = await useTestQueue(Test.createTestingModule({ imports: [root] })).compile();
    const { order, jobs } = await clientOf(module.createNestApplication({ logger: false }));
    const id = await order('acme', 'plain');
    await module.get(TestQueue).drain();
    const outer = (await jobs.get({ id, name: 'outer' }))?.result as unknown[];
    expect(outer.slice(1)).toEqual(['acme', 'acme', 'nothing']);
    const inner = await jobs.get({ id: String(outer[0]), name: 'inner' });
    expect(inner?.result).toEqual(['acme', 'acme', 'c-1']);
  });
});

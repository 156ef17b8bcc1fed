import { BullModule, getQueueToken, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, type ModuleMetadata, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  defineJob,
  EnqueueService,
  ProcessJob,
  ScalrQueueMetricsModule,
  ScalrQueueModule,
} from 'scalr-queue';
import { ScalrQueueDashboardModule } from 'scalr-queue/dashboard';
import { TestQueue } from './test.queue.js';
import { ScalrQueueTestingModule, useTestQueue } from './testing.module.js';

const Note = defineJob('note');

@Injectable()
class NoteProcessor {
  @ProcessJob(Note)
  async run() {}
}

const real = ScalrQueueModule.forRoot({ app: 'billing', redis: 'redis://localhost:1/0' });
type Imports = NonNullable<ModuleMetadata['imports']>;
const alone = (imports: Imports, providers: Provider[] = []) =>
  Test.createTestingModule({ imports: [ScalrQueueTestingModule.forRoot(), ...imports], providers });
const inApp = (imports: Imports, providers: Provider[] = []) =>
  useTestQueue(Test.createTestingModule({ imports: [real, ...imports], providers }));

describe('the kit', () => {
  it('serves the metrics of an application with what happened in this process', async () => {
    const module = await inApp([ScalrQueueMetricsModule], [NoteProcessor]).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    await app.get(EnqueueService).enqueue(Note);
    await app.get(TestQueue).drain();
    const answer = await fetch(`${await app.getUrl()}/metrics`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    await app.close();
    const counted = text
      .split('\n')
      .filter((line) => /^scalr_queue\w*(?:enqueued|completed)_total{/.test(line));
    expect(counted).toEqual([expect.stringMatching(/note.* 1$/), expect.stringMatching(/note.* 1$/)]);
  });

  it.each(['bull-board', 'console'] as const)(
    'lets an application with a dashboard start, %s',
    async (ui) => {
      const dashboard = ScalrQueueDashboardModule.forRoot({
        ui,
        credentials: { user: 'ops', password: 'long enough for ops' },
      });
      const module = await inApp([dashboard], [NoteProcessor]).compile();
      const app = module.createNestApplication({ logger: false });
      await app.init();
      await app.get(EnqueueService).enqueue(Note);
      expect(await app.get(TestQueue).drain()).toMatchObject({ completed: 1 });
      await app.close();
    },
  );

  it.each([
    ['ScalrQueueModule', real],
    ['ScalrQueueMetricsModule', ScalrQueueMetricsModule],
  ])('does not go by itself beside %s, and says what does', async (_name, module) => {
    await expect(alone([module]).compile()).rejects.toMatchObject({
      code: 'QUEUE_CONFIG',
      message: expect.stringMatching(
        /^the testing module imports ScalrQueueTestingModule and, .* ScalrQueueModule or ScalrQueueMetricsModule: leave ScalrQueueTestingModule out and use useTestQueue\(/,
      ),
    });
  });
});

describe.each([
  ['forRoot', alone],
  ['useTestQueue', inApp],
])('with %s', (_name, build) => {
  it('a queue of @nestjs/bullmq is refused with the cure, before it reaches for a Redis', async () => {
    const compiling = build([BullModule.registerQueue({ name: 'legacy' })]).compile();
    await expect(compiling).rejects.toMatchObject({
      code: 'QUEUE_CONFIG',
      message: expect.stringMatching(
        /^a queue of BullModule\.registerQueue needs Redis, which the test queue is without: override it .*overrideProvider\(getQueueToken/,
      ),
    });
  });

  it('a handler whose thread is not built keeps no other from running, and says what is missing', async () => {
    const Sum = defineJob('sum', { retry: false });

    @Injectable()
    class SumProcessor {
      @ProcessJob(Sum, { thread: new URL('./sum.thread.js', import.meta.url) })
      async sum() {}
    }

    const module = await build([], [SumProcessor, NoteProcessor]).compile();
    await module.init();
    const queue = module.get(TestQueue);
    expect(await queue.runJob(Note, undefined)).toMatchObject({ status: 'completed' });
    expect(await queue.runJob(Sum, undefined)).toMatchObject({
      status: 'dead',
      error: { message: expect.stringMatching(/sum.thread.js.*after the build/) },
    });
    await module.close();
  });

  it('a queue that the test gives itself is used, and processors do not start', async () => {
    const added: unknown[] = [];

    @Injectable()
    class Legacy {
      constructor(@InjectQueue('legacy') readonly queue: { add: (name: string) => void }) {}
    }

    @Processor('legacy')
    class LegacyProcessor extends WorkerHost {
      async process() {}
    }

    const module = await build([BullModule.registerQueue({ name: 'legacy' })], [Legacy, LegacyProcessor])
      .overrideProvider(getQueueToken('legacy'))
      .useValue({ add: (name: string) => added.push(name) })
      .compile();
    await module.init();
    module.get(Legacy).queue.add('report');
    expect(added).toEqual(['report']);
    expect(() => module.get(LegacyProcessor).worker).toThrow('has not yet been initialized');
    await module.close();
  });
});

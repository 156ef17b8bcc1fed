import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { defineEvent } from '../contract/event-definition.js';
import { defineJob } from '../contract/job-definition.js';
import { EnqueueService } from '../producer/enqueue.service.js';
import { OnBroadcast } from '../shared/on-broadcast.decorator.js';
import { SharedRedis } from '../shared/shared.redis.js';
import { ProcessJob } from '../worker/process-job.decorator.js';
import { TestQueue } from './test.queue.js';
import { ScalrQueueTestingModule } from './testing.module.js';

const Charge = defineJob('charge', { retry: false });
const Told = defineEvent<number>('told');

describe('what processes share, in the test kit', () => {
  it('puts a job aside by the clock of the test, and tells events', async () => {
    const charged: Date[] = [];
    const heard: number[] = [];

    @Injectable()
    class Charges {
      private readonly limiter;
      constructor(
        @Inject(SharedRedis) shared: SharedRedis,
        @Inject(TestQueue) private readonly time: TestQueue,
      ) {
        this.limiter = shared.limiter('stripe', { window: { max: 1, per: '1m' } });
      }

      @ProcessJob(Charge)
      charge() {
        return this.limiter.run(() => void charged.push(this.time.now));
      }

      @OnBroadcast(Told)
      told(n: number) {
        heard.push(n);
      }
    }

    const module = await Test.createTestingModule({
      imports: [ScalrQueueTestingModule.forRoot()],
      providers: [Charges],
    }).compile();
    await module.init();
    onTestFinished(() => module.close());
    const queue = module.get(TestQueue);
    await module.get(EnqueueService).enqueueMany(Charge, [undefined, undefined]);
    expect(await queue.drain()).toMatchObject({ completed: 1, postponed: 1 });
    expect(charged).toHaveLength(1);
    await queue.advance('2m');
    expect(charged).toHaveLength(2);
    expect(+charged[1]! - +charged[0]!).toBeGreaterThanOrEqual(60_000);
    await module.get(SharedRedis).broadcast(Told, 5);
    await vi.waitFor(() => expect(heard).toEqual([5]), { timeout: 10_000 });
  });
});

import { Test } from '@nestjs/testing';
import { defineJob, EnqueueService, JobsService } from 'scalr-queue';
import { z } from 'zod';
import { handlerOf, untilAborted } from '../../../../test/conformance/driver.js';
import { TestQueue } from './test.queue.js';
import { ScalrQueueTestingModule } from './testing.module.js';

it('heeds a request of a test to cancel that came while the payload was checked', async () => {
  const cancelled: Promise<unknown>[] = [];
  let whileChecked = (): void => undefined;
  const payload = z.string().refine(async () => (whileChecked(), true));
  const Checked = defineJob('checked', { payload, timeout: '1h' });
  const handler = handlerOf(Checked, (_payload, context) => untilAborted(context));
  const imports = [ScalrQueueTestingModule.forRoot({ patience: 5 })];
  const module = await Test.createTestingModule({ imports, providers: [handler] }).compile();
  const [queue, jobs] = [module.get(TestQueue), module.get(JobsService)];
  const { id } = await module.get(EnqueueService).enqueue(Checked, 'x');
  whileChecked = () => void cancelled.push(jobs.cancel(id));
  const began = queue.now;
  expect(await queue.drain()).toMatchObject({ cancelled: 1 });
  expect(new Set(await Promise.all(cancelled))).toEqual(new Set(['cancelling']));
  expect(await jobs.get(id)).toMatchObject({ state: 'dead', reason: 'cancelled' });
  expect(queue.now).toEqual(began);
});

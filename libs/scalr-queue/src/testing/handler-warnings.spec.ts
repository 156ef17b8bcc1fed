import 'reflect-metadata';
import { Logger, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { defineJob, EnqueueService } from 'scalr-queue';
import { handlerOf } from '../../../../test/conformance/driver.js';
import { ScalrQueueTestingModule } from './testing.module.js';
import { TestQueue } from './test.queue.js';

const Deaf = defineJob('deaf', { timeout: '1m', retry: false });

async function kit(handler: Type) {
  const imports = [ScalrQueueTestingModule.forRoot({ patience: 60_000 })];
  const module = await Test.createTestingModule({ imports, providers: [handler] }).compile();
  return { queue: module.get(TestQueue), jobs: module.get(EnqueueService) };
}

/** A handler that does not heed its signal, after its time is up. */
async function overdue() {
  let end = (): void => undefined;
  const { queue, jobs } = await kit(handlerOf(Deaf, () => new Promise<void>((resolve) => (end = resolve))));
  const { id } = await jobs.enqueue(Deaf);
  const draining = queue.drain();
  await queue.travel(0);
  // From here on: what watches a handler goes by the time of the machine.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await queue.travel('1m');
  expect(await draining).toMatchObject({ dead: 1 });
  return { id, end };
}

const warnings: string[] = [];

beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warnings.push(line));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a handler that goes on after its signal aborted', () => {
  const said = () => warnings.filter((line) => line.includes('still runs'));

  it('is told of after ten seconds, with its job and the cure', async () => {
    const { id } = await overdue();
    vi.advanceTimersByTime(9_900);
    expect(said()).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(said()).toEqual([
      `Handler.run still runs 10 s after its signal aborted (job ${id}). Pass ctx.signal on, or check ctx.signal.aborted in loops.`,
    ]);
    vi.advanceTimersByTime(60_000);
    expect(said()).toHaveLength(1);
  });

  it('is not told of where it ends within that time', async () => {
    const { end } = await overdue();
    end();
    await new Promise(setImmediate);
    vi.advanceTimersByTime(60_000);
    expect(said()).toEqual([]);
  });
});

describe('a retry function that throws', () => {
  it('is told of, without what is secret, and the default delay holds', async () => {
    const Broken = defineJob('broken', {
      retry: () => {
        throw new RangeError('no rule for password=hunter2');
      },
    });
    const fail = () => {
      throw new Error('of the handler');
    };
    const { queue, jobs } = await kit(handlerOf(Broken, fail));
    await jobs.enqueue(Broken);
    expect(await queue.drain()).toMatchObject({ retrying: 1 });
    const [line, ...more] = warnings.filter((it) => it.includes('retry function'));
    expect(line).toMatch(
      /^the retry function of broken threw RangeError: no rule for password=\S+\. Until it decides, the default delays hold\.$/,
    );
    expect(line).not.toContain('hunter2');
    expect(more).toEqual([]);
  });
});

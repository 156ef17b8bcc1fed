import { defineJob, JobEvents, JobsService, type JobContext } from 'scalr-queue';
import { handlerOf } from '../conformance/driver.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { capturedLog } from '../support/captured-log.js';
import { eventually } from '../support/eventually.js';
import { parseScrape } from '../support/prometheus-text.js';

const Pay = defineJob<string>('pay', { retry: { attempts: 3, delay: 20 }, timeout: '500ms' });

/** An app whose handler does this, and what it tells of effects whose outcome is not known. */
async function payingApp(pay: (context: JobContext) => unknown) {
  const log = capturedLog();
  const providers = [handlerOf(Pay, (_payload, context) => pay(context))];
  const app = uniqueApp();
  const producer = await startProducer({ app });
  // The logger of Nest is that of whoever started last.
  const worker = await startWorker({ app, providers }, { logger: log.logger });
  const told: unknown[] = [];
  worker.context.get(JobEvents, { strict: false }).on('effect-unknown', (event) => told.push(event));
  const counted = async (outcome: string) => {
    const text = await (await fetch(`${worker.url}/metrics`)).text();
    const labels = { app, queue: 'default', job_name: 'pay', outcome };
    return parseScrape(text).valueOf('scalr_queue_effects_unknown_total', labels);
  };
  return { ...producer, told, counted, log };
}

const timedOut = (): Promise<string> =>
  Promise.reject(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));

describe('an effect whose outcome is not known', () => {
  it('is told when it runs again', async () => {
    let calls = 0;
    const { queue, told, counted, log } = await payingApp((context) =>
      context.once('charge', () => (++calls === 1 ? timedOut() : 'paid')),
    );
    const { id } = await queue.enqueue(Pay, 'x');
    await eventually(() =>
      expect(told).toEqual([
        { id, name: 'pay', queue: 'default', key: 'charge', since: expect.any(Date) as Date, outcome: 'run' },
      ]),
    );
    expect(await counted('run')).toBe(1);
    const line = log.lines('warn').find((text) => text.startsWith('effect-unknown'));
    expect(line).toContain(`effect-unknown pay ${id} in default: ctx.once("charge") was begun at `);
    expect(line).toContain('it runs again, with the same idempotency key');
  });

  it.each([
    ['dead', 'fail' as const],
    ['known', () => ({ result: 'paid' })],
  ])('is told when it is %s', async (outcome, onUnknown) => {
    const { queue, told, counted } = await payingApp((context) =>
      context.once('charge', timedOut, { onUnknown }),
    );
    await queue.enqueue(Pay, 'x');
    await eventually(() => expect(told).toMatchObject([{ key: 'charge', outcome }]));
    expect(await counted(outcome)).toBe(1);
  });
});

it('is what a job waits for while an earlier run is still at it', async () => {
  let finish = (_result: string): void => undefined;
  const { queue, get } = await payingApp((context) =>
    context.once('charge', () => new Promise<string>((resolve) => (finish = resolve))),
  );
  const jobs = get(JobsService);
  const { id } = await queue.enqueue(Pay, 'x');
  await eventually(async () =>
    expect((await jobs.explain(id))?.reasons[0]).toEqual({
      code: 'effect',
      message: 'it waits for an earlier run of itself, which is still at ctx.once("charge")',
      until: expect.any(Date) as Date,
    }),
  );
  finish('late');
  await eventually(async () =>
    expect(await jobs.get(id)).toMatchObject({ state: 'completed', result: 'late' }),
  );
  expect((await jobs.explain(id))?.reasons.map(({ code }) => code)).toEqual(['completed']);
});

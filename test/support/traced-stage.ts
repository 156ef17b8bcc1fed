import { Injectable } from '@nestjs/common';
import { type SpanContext, trace } from '@opentelemetry/api';
import {
  defineJob,
  Discard,
  EnqueueService,
  JobContext,
  jobLogFields,
  ProcessJob,
  Snooze,
} from 'scalr-queue';

type Act = 'succeed' | 'fail once' | 'snooze once' | 'discard' | 'look';
export const Act = defineJob<{ act: Act; secret?: string }>('act', {
  queue: 'stage',
  retry: { attempts: 2, delay: 5 },
});
/** Enqueues an `Act` in a span of its own. */
export const Outer = defineJob('outer', { queue: 'outer' });
/** Tells the span that is active in its thread. */
export const Threaded = defineJob<void, SpanContext>('threaded');
const thread = new URL('../integration/threads/traced.mjs', import.meta.url);
const seen = new Set<string>();

// As a logger does with its first line: the workers of these tests have none.
jobLogFields();

/** What `jobLogFields` gave to the jobs that look. */
export const logged: object[] = [];

/** Handlers that do what they are told. */
@Injectable()
export class TracedStage {
  constructor(private readonly queue: EnqueueService) {}

  @ProcessJob(Act)
  run({ act }: { act: Act }, { id }: JobContext) {
    const isFirst = !seen.has(id);
    seen.add(id);
    if (act === 'look') logged.push(jobLogFields());
    if (act === 'discard') throw new Discard('not wanted');
    if (act === 'fail once' && isFirst)
      throw Object.assign(new TypeError('no postgres://me:pw@db/x'), { code: 'E_DB' });
    if (act === 'snooze once' && isFirst) throw new Snooze(5);
  }

  @ProcessJob(Outer)
  async outer() {
    await trace.getTracer('test').startActiveSpan('load', async (span) => {
      await this.queue.enqueue(Act, { act: 'succeed' });
      span.end();
    });
  }

  @ProcessJob(Threaded, { thread })
  threaded(): void {}
}

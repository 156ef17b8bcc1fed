import { Injectable } from '@nestjs/common';
import {
  type DeadJob,
  Discard,
  defineJob,
  type EnqueueCall,
  type EnqueueOutcome,
  type JobContext,
  type JobHook,
  ProcessJob,
} from 'scalr-queue';
import { postgresOutbox } from 'scalr-queue/outbox';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { inTransaction, outboxDatabase, poolOf } from '../support/outbox.js';

const Ship = defineJob<string>('ship', { retry: false });
const Charge = defineJob<string>('charge', { durable: true, retry: false });

/** An app with an outbox and hooks, and what these and its handlers have seen. */
async function startShop() {
  const database = await outboxDatabase();
  const pool = poolOf(database);
  const seen: string[] = [];
  @Injectable()
  class Tenant implements JobHook {
    async enqueue(call: EnqueueCall, next: () => Promise<EnqueueOutcome>) {
      call.context.tenant = 'acme';
      const outcome = await next();
      seen.push(`enqueued ${[outcome].flat().map(({ status }) => status).join()}`); // prettier-ignore
      return outcome;
    }

    attempt({ name, context }: JobContext, next: () => Promise<unknown>) {
      seen.push(`attempt ${name} ${context.tenant}`);
      return next();
    }

    dead({ name, reason, payload }: DeadJob) {
      seen.push(`dead ${name} ${reason} ${String(payload)}`);
    }
  }
  class Handlers {
    @ProcessJob(Ship)
    ship(payload: string, { context }: JobContext) {
      seen.push(`ship ${payload} ${context.tenant} ${context.correlationId}`);
    }

    @ProcessJob(Charge)
    charge(payload: string, { context }: JobContext) {
      seen.push(`charge ${payload} ${context.tenant}`);
      throw new Discard('no card');
    }
  }
  const options = { app: uniqueApp(), hooks: [Tenant], outbox: postgresOutbox({ url: database.url }) };
  const { queue } = await startProducer(options);
  await startWorker({ ...options, outbox: postgresOutbox({ url: database.url }), providers: [Handlers] });
  return { pool, queue, seen, rows: () => database.query('select * from scalr_queue.outbox') };
}

describe('hooks, and jobs that are recorded', () => {
  it('meet in a transaction, one job or many, with what each carries', async () => {
    const { pool, queue, seen } = await startShop();
    const own = { payload: 'b', options: { context: { correlationId: 'c' } } };
    await inTransaction(pool, async (tx) => {
      await queue.enqueue(Ship, 'a', { tx, context: { correlationId: 'x' } });
      await queue.enqueueMany(Ship, [own], { tx });
    });
    expect(seen).toEqual(['enqueued recorded', 'enqueued recorded']);
    await eventually(() =>
      expect(seen.filter((line) => line.startsWith('ship')).toSorted()).toEqual(['ship a acme x', 'ship b acme c']),
    ); // prettier-ignore
    expect(seen.filter((line) => line === 'attempt ship acme')).toHaveLength(2);
  });

  it('leave nothing after a rollback', async () => {
    const { pool, queue, seen, rows } = await startShop();
    const failing = inTransaction(pool, async (tx) => {
      await queue.enqueue(Ship, 'a', { tx });
      throw new RangeError('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(seen).toEqual(['enqueued recorded']);
    expect(await rows()).toEqual([]);
  });

  it('follow up the death of a durable one', async () => {
    const { queue, seen } = await startShop();
    await queue.enqueue(Charge, 'a');
    await eventually(() => expect(seen).toContain('dead charge discarded a'));
    expect(seen.filter((line) => !line.startsWith('enqueued'))).toEqual([
      'attempt charge acme', 'charge a acme', 'attempt scalr.dead acme', 'dead charge discarded a',
    ]); // prettier-ignore
  });
});

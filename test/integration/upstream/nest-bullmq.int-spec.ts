import { BullModule, BullRegistrar, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { connect } from './support.js';

/** What @nestjs/bullmq does without promising it, each entry as docs/engine.md lists it. */

@Processor({ name: 'plain', configKey: 'other' })
class Plain extends WorkerHost {
  process() {
    return Promise.resolve();
  }
}

async function startApp() {
  const [connection, other] = [connect(), connect()];
  @Module({
    imports: [
      BullModule.forRoot({ connection, prefix: 'a', extraOptions: { manualRegistration: true } }),
      BullModule.forRoot('other', { connection: other, prefix: 'b' }),
      BullModule.registerQueue({ name: 'plain', configKey: 'other' }, { name: 'default' }),
    ],
    providers: [Plain],
  })
  class App {}
  const context = await NestFactory.createApplicationContext(App, { logger: false });
  onTestFinished(() => context.close());
  return { context, connection, other };
}

describe('@nestjs/bullmq', () => {
  it('makes queues of the class in _queueClass', async () => {
    const { context } = await startApp();
    const { _queueClass: queueClass } = BullModule as unknown as { _queueClass: typeof Queue };
    expect(context.get(getQueueToken('default'), { strict: false })).toBeInstanceOf(queueClass);
  });

  it('provides its settings and queues under these tokens, with the connection that was given', async () => {
    const { context, connection, other } = await startApp();
    const providers = [...context.get(ModulesContainer).values()].flatMap((module) => [...module.providers]);
    const valueOf = (wanted: string) =>
      providers.filter(([token]) => token === wanted).map(([, { instance }]): unknown => instance)[0];
    expect(valueOf('BULLMQ_CONFIG(default)')).toMatchObject({ prefix: 'a' });
    expect((valueOf('BULLMQ_CONFIG(default)') as { connection: Redis }).connection).toBe(connection);
    expect((valueOf('BULLMQ_CONFIG(other)') as { connection: Redis }).connection).toBe(other);
    expect(valueOf('BULLMQ_EXTRA_OPTIONS')).toEqual({ manualRegistration: true });
    const queue = valueOf('BullQueue_default') as Queue;
    expect(queue.name).toBe('default');
    expect(queue.opts.connection).toBe(connection);
    const named = valueOf('BullQueue_plain') as Queue;
    expect([named.opts.connection === other, named.opts.prefix]).toEqual([true, 'b']);
  });

  it('keeps the queue of a @Processor class in this metadata', () => {
    expect(Reflect.getMetadata('bullmq:processor_metadata', Plain)).toEqual({
      name: 'plain',
      configKey: 'other',
    });
  });

  it('makes its workers within register(), of the class that is set, and not before', async () => {
    const { context, other } = await startApp();
    const made: unknown[][] = [];
    const Bridged = function (...args: unknown[]) {
      made.push(args);
      return { on: () => undefined, close: () => Promise.resolve() };
    };
    try {
      BullModule.workerClass = Bridged as never;
      expect(made).toEqual([]);
      context.get(BullRegistrar, { strict: false }).register();
    } finally {
      BullModule.workerClass = Worker;
    }
    expect(made).toEqual([['plain', expect.any(Function), expect.objectContaining({ prefix: 'b' })]]);
    expect((made[0]![2] as { connection: Redis }).connection).toBe(other);
  });
});

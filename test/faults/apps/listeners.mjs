import { BullModule, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { JobEvents } from 'scalr-queue';
import { setImmediate as turn } from 'node:timers/promises';
import { config, decorate, note } from './contract.mjs';

const CLASSIC = 'classic';

/** Listens to the events of the library, and fails at each, later. */
export const Listeners = {
  provide: 'listeners',
  inject: [JobEvents],
  useFactory: (events) =>
    ['started', 'completed'].map((name) =>
      events.on(name, async () => {
        await turn();
        throw new Error(`an async listener of "${name}" failed`);
      }),
    ),
};

/** A class written for @nestjs/bullmq, whose listeners fail the same way. */
class Classic extends WorkerHost {
  process(job) {
    note(config.ledger, 'finish', job.id, process.pid, 1, Date.now());
  }

  async completed() {
    await turn();
    throw new Error('an async listener of the class failed');
  }
}
Processor(CLASSIC)(Classic);
decorate(Classic, 'completed', OnWorkerEvent('completed'));

/** Modules of an app that has such a class. */
export function classicModules() {
  class ClassicModule {}
  Reflect.decorate([], ClassicModule);
  return [
    { module: ClassicModule, imports: [BullModule.registerQueue({ name: CLASSIC })], providers: [Classic] },
  ];
}

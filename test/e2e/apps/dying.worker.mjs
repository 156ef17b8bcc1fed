import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { decorate } from './held.mjs';

// A worker whose jobs die, each in another way, with a hook that writes down each death.

const { DEATHS: deaths, KILL: killAt } = process.env;
const kill = () => {
  process.kill(process.pid, 'SIGKILL');
  // What comes after it would run before the signal is seen.
  for (;;);
};

class Processor {
  boom() {
    throw new Error('boom');
  }

  crash() {
    kill();
  }

  late() {}

  charge(_payload, ctx) {
    return ctx.once('charge', kill, { onUnknown: 'fail' });
  }
}
const retry = { attempts: 3, delay: 10 };
decorate(Processor, 'boom', ProcessJob(defineJob('boom', { retry: false })));
decorate(Processor, 'crash', ProcessJob(defineJob('crash', { retry })));
decorate(Processor, 'late', ProcessJob(defineJob('late', { retry })));
decorate(Processor, 'charge', ProcessJob(defineJob('charge', { retry })));

class Note {
  async dead({ id, reason }) {
    if (killAt === 'follow-up') kill();
    // Longer than it takes to store the death, so that a second call would be seen.
    await pause(10);
    appendFileSync(deaths, `${id} ${reason}\n`);
  }
}

// The death of boom, as it is about to be sent to Redis: its follow-up is there.
const write = Reflect.get(Socket.prototype, 'write');
if (killAt === 'death')
  Socket.prototype.write = function (...args) {
    if (String(args[0]).includes('attempts Error: boom')) kill();
    return write.apply(this, args);
  };

class WorkerModule {}
// Long enough for a follow-up to find the job that was lost with its worker still running.
const lockDuration = killAt === 'death' ? 4_000 : 1_000;
const worker = { lockDuration, stalledInterval: 200, maxCrashes: 2, unknownJobTimeout: '1s' };
const queue = ScalrQueueModule.forRoot({ app: 'e2e', hooks: [Note], worker });
await runWorker({ module: WorkerModule, imports: [queue], providers: [Processor] });

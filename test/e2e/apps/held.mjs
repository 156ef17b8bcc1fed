import 'reflect-metadata';
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob, ProcessJob, ScalrQueueModule } from 'scalr-queue';

/** A job that runs until the file `gate` exists, and writes to it what it did; no gate, no waiting. */
export const Held = defineJob('held', { timeout: '2m' });

export class HeldProcessor {
  async run({ gate }, ctx) {
    console.log(`started ${ctx.id} attempt ${ctx.attempt}`);
    if (!gate) return;
    while (!existsSync(gate)) await pause(20, undefined, { signal: ctx.signal });
    appendFileSync(gate, `finished ${ctx.id} attempt ${ctx.attempt}\n`);
  }
}

decorate(HeldProcessor, 'run', ProcessJob(Held));

/** The queue, with locks short enough for a test of crashes. */
export const queue = ScalrQueueModule.forRoot({
  app: 'e2e',
  worker: { lockDuration: '2s', stalledInterval: '500ms' },
});

/** What `@decorator` before a method does, for files that no compiler touches. */
export function decorate(type, method, decorator) {
  decorator(type.prototype, method, Object.getOwnPropertyDescriptor(type.prototype, method));
}

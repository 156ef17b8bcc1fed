import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScalrQueueModule } from 'scalr-queue';
import { defineEvent, OnBroadcast, SharedRedis } from 'scalr-queue/shared';

// A process that shares limits, locks or events with others, as FAULT_CONFIG says. Its moments are those of the clock that all processes of the machine have.
const config = JSON.parse(process.env.FAULT_CONFIG);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const say = (line) => process.stdout.write(`${line}\n`);

const Told = defineEvent('told');
class Hearer {
  told({ n }) {
    appendFileSync(config.out, `${n}\n`);
  }
  onGap({ missed }) {
    say(`gap ${missed}`);
  }
}
OnBroadcast(Told)(Hearer.prototype, 'told', Object.getOwnPropertyDescriptor(Hearer.prototype, 'told'));

class App {}
Module({
  imports: [ScalrQueueModule.forRoot({ app: config.app, redis: config.redis })],
  providers: config.role === 'hear' ? [Hearer] : [],
})(App);

const context = await NestFactory.createApplicationContext(App, { logger: ['error'] });
const shared = context.get(SharedRedis, { strict: false });

const roles = {
  /** Calls a limiter until it was answered so often, and writes down what it was granted: when it asked, when it began and when it ended. */
  async limit() {
    const limiter = shared.limiter('limiter', config.limiter);
    const grants = [];
    for (let call = 0; call < config.calls; call++) {
      const asked = now();
      await limiter
        .run(async () => {
          const began = now();
          if (config.limiter.concurrent) await pause(Math.random() * 2);
          grants.push(`${asked} ${began} ${now()}`);
        })
        .catch(async ({ code, message }) => {
          if (code === 'LIMIT_EXCEEDED') return;
          if (code !== 'QUEUE_UNAVAILABLE') throw new Error(message);
          // So many processes that boot at once keep one from its connection: no answer, no sample.
          call--;
          await pause(100);
        });
    }
    writeFileSync(config.out, grants.join('\n'));
    say('done');
  },
  /** Holds a lock for as long as it can, and writes with its fence all the time. While Redis is away it tries again. */
  async hold() {
    let held = false;
    const write = async ({ fence, signal }) => {
      held = true;
      say(`held ${fence}`);
      signal.addEventListener('abort', () => say(`aborted ${signal.reason.code}`));
      while (!signal.aborted) {
        const { status } = await fetch(`${config.database}/${fence}`, { method: 'PUT' });
        if (status === 409) say(`refused ${fence}`);
        await pause(20);
      }
    };
    for (;;) {
      await shared.lock('job', { lease: config.lease, wait: '60s' }, write).catch(async ({ code }) => {
        if (held) say(`lost ${code}`);
        else await pause(200);
      });
      if (held) return;
    }
  },
  async tell() {
    for (let n = 0; ; n++) {
      for (;;) {
        const told = await shared.broadcast(Told, { n }).then(
          () => true,
          () => false,
        );
        if (told) break;
        await pause(100);
      }
      say(`told ${n}.`);
      await pause(100);
    }
  },
  hear: async () => undefined,
};

say('up');
await roles[config.role]();

import { appendFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineJob, EnqueueService, JobsService, ProcessJob, ScalrQueueModule } from 'scalr-queue';
import { postgresOutbox } from 'scalr-queue/outbox';
import { runWorker } from 'scalr-queue/worker';

// A producer of payments, or a worker that kills itself in the middle of them, as FAULT_CONFIG says.
const config = JSON.parse(process.env.FAULT_CONFIG);
const say = (line) => process.stdout.write(`${line}\n`);
const note = (what, { id, attempt }) =>
  appendFileSync(config.ledger, `${what} ${id} ${process.pid} ${attempt} ${Date.now()} -\n`);

const Pay = defineJob('pay', { retry: { attempts: 3, delay: '100ms' } });
const Walk = defineJob('walk', { timeout: '5m' });

/** Each job kills one of its workers, at the point that its payload names. */
function dieOnce(at, { point }, { id }) {
  if (point !== at) return false;
  try {
    writeFileSync(`${config.dir}/killed-${id}`, '', { flag: 'wx' });
  } catch {
    return false;
  }
  return true;
}
const die = () => process.kill(process.pid, 'SIGKILL');

/** Who names a process is about to kill it: in the middle of the call. */
async function charge(payload, ctx, idempotencyKey) {
  const kill = dieOnce('in', payload, ctx) ? `?kill=${process.pid}` : '';
  const response = await fetch(`${config.bank}/${idempotencyKey}/${payload.amount}${kill}`, {
    method: 'PUT',
  });
  if (!response.ok) throw new Error(`the bank answered ${response.status}`);
  if (dieOnce('answered', payload, ctx)) die();
  return response.text();
}

async function transfer(payload, ctx, tx) {
  await tx.query('insert into charge (job, amount) values ($1, $2)', [ctx.id, payload.amount]);
  if (dieOnce('in', payload, ctx)) die();
  // Around the commit: some die before it has reached PostgreSQL, some after.
  if (dieOnce('answered', payload, ctx)) setTimeout(die, Math.random() * 3);
}

class Handlers {
  async pay(payload, ctx) {
    note('start', ctx);
    if (dieOnce('before', payload, ctx)) die();
    if (config.outbox) await ctx.tx((tx) => transfer(payload, ctx, tx));
    else await ctx.once('charge', ({ idempotencyKey }) => charge(payload, ctx, idempotencyKey));
    if (dieOnce('after', payload, ctx)) die();
    note('finish', ctx);
  }

  async walk({ items }, ctx) {
    note('start', ctx);
    for await (const item of ctx.each(
      'items',
      Array.from({ length: items }, (_, at) => at),
    )) {
      appendFileSync(config.items, `${item} ${process.pid}\n`);
      await pause(0);
    }
    note('finish', ctx);
  }
}
for (const [definition, method] of [
  [Pay, 'pay'],
  [Walk, 'walk'],
])
  ProcessJob(definition)(
    Handlers.prototype,
    method,
    Object.getOwnPropertyDescriptor(Handlers.prototype, method),
  );
Injectable()(Handlers);

class App {}
Module({
  imports: [
    ScalrQueueModule.forRoot({
      app: config.app,
      redis: config.redis,
      worker: { lockDuration: '1s', stalledInterval: '500ms', maxCrashes: 50 },
      ...(config.outbox ? { outbox: postgresOutbox({ url: config.outbox }) } : {}),
    }),
  ],
  providers: config.role === 'work' ? [Handlers] : [],
})(App);

const roles = {
  async work() {
    await runWorker(App, { port: 0, concurrency: 1, logger: ['error'] });
    say('up');
  },
  /** Enqueues all, and says how they have ended. */
  async produce() {
    const context = await NestFactory.createApplicationContext(App, { logger: ['error'] });
    say('up');
    const { jobs, items } = config;
    const enqueued = await context
      .get(EnqueueService, { strict: false })
      .enqueueMany(items ? Walk : Pay, jobs);
    appendFileSync(config.record, enqueued.map(({ id }) => `ack ${id}\n`).join(''));
    say('enqueued');
    const states = context.get(JobsService, { strict: false });
    let open = enqueued;
    const ended = { completed: 0, dead: 0 };
    while (open.length > 0) {
      const infos = await Promise.all(open.map((job) => states.get(job).catch(() => undefined)));
      open = open.filter((_, at) => {
        const state = infos[at]?.state;
        if (state in ended) ended[state]++;
        return !(state in ended);
      });
      await pause(200);
    }
    say(`ended ${ended.completed} completed, ${ended.dead} dead`);
  },
};
await roles[config.role]();

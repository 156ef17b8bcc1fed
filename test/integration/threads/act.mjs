// Runs in a worker thread, which reads plain JavaScript and the built library. Does what the payload says.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { defineJob, Discard, RetryLater, Snooze, threadHandler } from 'scalr-queue/thread';

/** @param {number} ms */
function compute(ms) {
  const end = performance.now() + ms;
  let rounds = 0;
  while (performance.now() < end) rounds++;
  return rounds;
}

const acts = {
  compute: ({ ms }) => compute(ms) > 0,
  /** Only two that run at the same time can meet. */
  meet: ({ mine, other }) => {
    writeFileSync(mine, '');
    while (!existsSync(other)) compute(1);
    return threadId;
  },
  /** Never ends, hears nothing, and leaves a sign of life. */
  spin: async ({ beat }, ctx) => {
    await ctx.progress(1);
    for (;;) if (beat) appendFileSync(beat, '.');
  },
  heed: async ({ file }, ctx) => {
    await ctx.progress(1);
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
    writeFileSync(file, ctx.signal.reason.name);
  },
  tell: (_payload, ctx) => {
    // Nobody waits for these.
    void ctx.log('first').then(() => setTimeout(() => ctx.log('never told, the handler is over')));
    void ctx.progress({ step: 2 });
    return [ctx.id, ctx.name, ctx.queue, ctx.attempt, ctx.maxAttempts, ctx.enqueuedAt instanceof Date];
  },
  progress: ({ kind }, ctx) => ctx.progress(kind === 'map' ? new Map() : { text: 'x'.repeat(20_000) }),
  /** Fails once after an effect, and once in the middle of a list. */
  effects: async ({ file }, ctx) => {
    const charge = await ctx.once('charge', ({ idempotencyKey }) => {
      appendFileSync(file, 'charge\n');
      return { idempotencyKey };
    });
    if (ctx.attempt === 1) throw new Error('after the effect');
    for await (const letter of ctx.each('letters', ['a', 'b', 'c'], { total: 3 })) {
      appendFileSync(file, `${letter}\n`);
      if (ctx.attempt === 2 && letter === 'b') throw new Error('in the list');
    }
    return charge;
  },
  transaction: (_payload, ctx) => ctx.tx(() => 1),
  fail: () => {
    throw Object.assign(new TypeError('no good'), { code: 'E_GOOD' });
  },
  discard: () => {
    throw new Discard('never');
  },
  retryLater: (_payload, ctx) => {
    if (ctx.attempt === 1) throw new RetryLater(20, { cause: new RangeError('429') });
    return ctx.attempt;
  },
  snooze: ({ file }, ctx) => {
    if (existsSync(file)) return ctx.attempt;
    writeFileSync(file, '');
    throw new Snooze(20);
  },
  exit: (_payload, ctx) => {
    if (ctx.attempt === 1) process.exit(3);
    return 'survived';
  },
  uncaught: () => {
    setTimeout(() => {
      throw new SyntaxError('out of the blue');
    });
    return new Promise(() => {});
  },
  /** Its thread dies when it runs no job any more. */
  lateCrash: ({ file }) => {
    setTimeout(() => {
      writeFileSync(file, '');
      throw new Error('too late to fail the job');
    }, 20);
    return 'done';
  },
  /** Tells without end and waits for nothing. */
  chatter: (_payload, ctx) => {
    for (let line = 1; line <= 100_000; line++) {
      void ctx.progress(line);
      void ctx.log(`line ${line}`);
    }
  },
  hog: () => {
    const all = [];
    for (;;) all.push(Array.from({ length: 1_000 }, () => Math.random()));
  },
  bytes: () => new Uint8Array([1, 2, 3]),
  uncloneable: () => () => 'a function',
};

export default threadHandler(defineJob('act'), (payload, ctx) => acts[payload.act](payload, ctx));

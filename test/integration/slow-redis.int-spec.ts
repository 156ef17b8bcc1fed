import { defineJob, OutcomeUnknownError } from 'scalr-queue';
import { startProducer } from '../support/apps.js';
import { AnsweringRedis, isScript } from '../support/answering-redis.js';
import { eventually } from '../support/eventually.js';
import { sharedRedisUrl } from '../support/redis.js';

const Note = defineJob<{ n: number }>('note', { queue: 'notes' });

/** In milliseconds from now. */
const after = (ms: number) => new Promise<'later'>((resolve) => void setTimeout(() => resolve('later'), ms));

async function start() {
  const front = await AnsweringRedis.before(sharedRedisUrl());
  onTestFinished(() => front[Symbol.asyncDispose]());
  const { queue } = await startProducer({ redis: front.url, queues: { notes: { maxBacklog: 1_000 } } });
  return { front, queue };
}

const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => 'created',
    (error: unknown) => error,
  );

describe('the second that a call has', () => {
  it('is that of the call, not of each thing that it asks Redis for', async () => {
    const { front, queue } = await start();
    front.answer((args) => (args[0] === 'llen' || isScript(args) ? 'hold' : undefined));
    const first = errorOf(queue.enqueue(Note, { n: 1 }));
    await eventually(() => front.commands.some(([name]) => name === 'llen'));
    setTimeout(() => front.release(), 850);
    // A second from the answer of what it asked for first would be 1.85 s.
    expect(await Promise.race([first, after(1_500)])).toBeInstanceOf(OutcomeUnknownError);
  });

  it('goes on while the connection is made', async () => {
    const { front, queue } = await start();
    await queue.enqueue(Note, { n: 0 });
    front.answer(() => 'hold');
    front.cut();
    for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
    const call = errorOf(queue.enqueue(Note, { n: 1 }));
    setTimeout(() => {
      front.answer((args) => (isScript(args) ? 'hold' : undefined));
      front.release();
    }, 850);
    expect(await Promise.race([call, after(1_500)])).toBeInstanceOf(OutcomeUnknownError);
  });
});

describe('a connection that has gone silent', () => {
  it('is given up after three seconds, and enqueue works again on a new one', async () => {
    const { front, queue } = await start();
    await queue.enqueue(Note, { n: 0 });
    const { connections } = front;
    front.answer(() => (front.connections === connections ? 'hold' : undefined));
    expect(await errorOf(queue.enqueue(Note, { n: 1 }))).toBeInstanceOf(OutcomeUnknownError);
    await eventually(() => queue.enqueue(Note, { n: 2 }));
    expect(front.connections).toBe(connections + 1);
  });
});

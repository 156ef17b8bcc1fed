import { getEventListeners, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { defineJob, type EnqueuedJob, OutcomeUnknownError } from 'scalr-queue';
import { onTestFinished } from 'vitest';
import { AnsweringRedis } from '../support/answering-redis.js';
import { startProducer } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer, sharedRedisUrl } from '../support/redis.js';

const Ping = defineJob<{ n: number }>('ping');
const Narrow = defineJob<{ n: number }>('narrow', { queue: 'narrow' });
const reason = new Error('the client has gone');

type Producer = Awaited<ReturnType<typeof startProducer>>;

/** A Redis that can be frozen, and a producer that is connected to it. */
async function start() {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const producer = await startProducer({ redis: redis.url, queues: { narrow: { maxBacklog: 2 } } });
  await producer.queue.enqueue(Ping, { n: 0 }, { id: 'first' });
  return { ...producer, redis };
}

/** Once Redis answers again, and what was sent before has been done. */
async function stored(producer: Pick<Producer, 'queue' | 'jobs'>, id: string) {
  await eventually(() => producer.queue.enqueue(Ping, { n: 9 }, { id: 'last' }), { timeout: 10_000 });
  return producer.jobs.get(id);
}

/** A way to Redis that can be shut: it then cuts all connections, and takes new ones without an answer until it is open again. */
async function gateTo(port: number) {
  const sockets = new Set<Socket>();
  let isShut = false;
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    if (isShut) return;
    const onward = connect(port, '127.0.0.1');
    sockets.add(onward.on('error', () => undefined));
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const { port: own } = server.address() as AddressInfo;
  const turn = (shut: boolean) => {
    isShut = shut;
    cut();
  };
  return { port: own, shut: () => turn(true), open: () => turn(false) };
}

const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => expect.fail('enqueued'),
    (error: unknown) => error,
  );

/** The error of a call that is aborted after 50 ms, which a call made before it is still waiting for. */
async function aborted(before: Promise<unknown>, call: (signal: AbortSignal) => Promise<unknown>) {
  const controller = new AbortController();
  let isOver = false;
  const other = before.catch(() => undefined).then(() => (isOver = true));
  const failure = errorOf(call(controller.signal));
  setTimeout(() => controller.abort(reason), 50);
  const error = await failure;
  expect(isOver).toBe(false);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  return { error, other };
}

describe('an enqueue that is aborted', () => {
  it('is of unknown outcome at once where the job was sent, and makes one job with the same id', async () => {
    const { queue, jobs, redis } = await start();
    redis.freeze();
    const { error, other } = await aborted(queue.enqueue(Ping, { n: 1 }), (signal) =>
      queue.enqueue(Ping, { n: 2 }, { id: 'sent', signal }),
    );
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ jobId: 'sent', cause: reason });
    const many = await aborted(queue.enqueue(Ping, { n: 1 }), (signal) =>
      queue.enqueueMany(Ping, [{ n: 3 }, { payload: { n: 4 }, options: { id: 'sent-4' } }], { signal }),
    );
    expect(many.error).toBeInstanceOf(OutcomeUnknownError);
    expect(many.error).toMatchObject({
      jobIds: [expect.any(String), 'sent-4'],
      cause: reason,
      enqueued: [],
    });
    await Promise.all([other, many.other]);
    redis.thaw();
    await eventually(() => queue.enqueue(Ping, { n: 2 }, { id: 'sent' }), { timeout: 10_000 });
    expect(await stored({ queue, jobs }, 'sent')).toMatchObject({ state: 'waiting' });
  });

  it('rejects with the reason, and is never sent, at the head of the line', async () => {
    const { queue, jobs, redis } = await start();
    redis.freeze();
    const inFlight = Array.from({ length: 2_000 }, (_, n) => queue.enqueue(Ping, { n }));
    const { error, other } = await aborted(Promise.allSettled(inFlight), (signal) =>
      queue.enqueue(Ping, { n: 1 }, { id: 'in-line', signal }),
    );
    expect(error).toBe(reason);
    redis.thaw();
    await other;
    expect(await stored({ queue, jobs }, 'in-line')).toBeUndefined();
  });

  it.each([
    ['the size of the queue is', Narrow, 'llen', {}],
    ['its former queues are', Ping, 'hkeys', { unique: true }],
  ] as const)('rejects with the reason, and is never sent, while %s read', async (_what, job, read, more) => {
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const { queue, jobs } = await startProducer({ redis: front.url, queues: { narrow: { maxBacklog: 2 } } });
    let isHeld = false;
    front.answer(([name]) => (name === read && (isHeld = true) ? 'hold' : undefined));
    const controller = new AbortController();
    const { signal } = controller;
    const failure = errorOf(queue.enqueue(job, { n: 1 }, { ...more, id: 'not-sent', signal }));
    await eventually(() => isHeld);
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    front.answer();
    front.release();
    // What goes on behind the call has had its answers.
    for (let n = 0; n < 5; n++) await queue.enqueue(Ping, { n });
    expect(front.commands.filter((args) => args.some((arg) => arg.endsWith('not-sent')))).toEqual([]);
    expect(await jobs.get('not-sent')).toBeUndefined();
  });

  it('rejects with the reason, and is never sent, while the connection is made', async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const gate = await gateTo(redis.port);
    const producer = await startProducer({ redis: `redis://127.0.0.1:${gate.port}` });
    await producer.queue.enqueue(Ping, { n: 0 });
    gate.shut();
    // The client hears of it in the next turns of the event loop.
    for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
    const { error, other } = await aborted(producer.queue.enqueue(Ping, { n: 1 }), (signal) =>
      producer.queue.enqueue(Ping, { n: 1 }, { id: 'connecting', signal }),
    );
    expect(error).toBe(reason);
    gate.open();
    await other;
    expect(await stored(producer, 'connecting')).toBeUndefined();
  });

  it('rejects with the reason, and is never sent, in the turn in which it was called', async () => {
    const front = await AnsweringRedis.before(sharedRedisUrl());
    onTestFinished(() => front[Symbol.asyncDispose]());
    const { queue } = await startProducer({ redis: front.url });
    await queue.enqueue(Ping, { n: 0 });
    const controller = new AbortController();
    const others = [1, 2].map((n) => queue.enqueue(Ping, { n }));
    const failure = errorOf(queue.enqueue(Ping, { n: 777 }, { signal: controller.signal }));
    controller.abort(reason);
    expect(await failure).toBe(reason);
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual(['created', 'created']);
    const sent = (text: string) => front.commands.some((args) => args.some((arg) => arg.includes(text)));
    expect(sent('{"n":2}')).toBe(true);
    expect(sent('{"n":777}')).toBe(false);
  });

  it('says which jobs of enqueueMany were enqueued before, though its source hangs', async () => {
    const { queue, jobs } = await start();
    const controller = new AbortController();
    async function* source() {
      for (let n = 0; n < 250; n++) yield { payload: { n }, options: { id: `many-${n}` } };
      setTimeout(() => controller.abort(reason), 50);
      await new Promise(() => undefined);
    }
    const error = (await errorOf(
      queue.enqueueMany(Ping, source(), { signal: controller.signal }),
    )) as Error & { enqueued: EnqueuedJob[] };
    expect(error).toMatchObject({ name: 'EnqueueAbortedError', code: 'ENQUEUE_ABORTED', cause: reason });
    expect(error.enqueued.map(({ id }) => id)).toEqual(Array.from({ length: 250 }, (_, n) => `many-${n}`));
    expect(await jobs.get('many-249')).toMatchObject({ state: 'waiting' });
  });
});

describe('a signal that many calls share', () => {
  it('has one listener while they last, of which nothing is left', async () => {
    const { queue, jobs } = await start();
    const warnings: Error[] = [];
    const warn = (warning: Error) => void warnings.push(warning);
    process.on('warning', warn);
    onTestFinished(() => void process.off('warning', warn));
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = () => getEventListeners(signal, 'abort').length;
    const waits = Array.from({ length: 20 }, () => errorOf(jobs.waitFor('first', { timeout: '1m', signal })));
    const calls = Array.from({ length: 1_000 }, (_, n) => queue.enqueue(Ping, { n }, { signal }));
    await queue.enqueueMany(Ping, [{ n: 1 }, { n: 2 }], { signal });
    await Promise.all(calls);
    expect(listeners()).toBe(1);
    controller.abort(reason);
    expect(await Promise.all(waits)).toEqual(waits.map(() => reason));
    await eventually(() => expect(listeners()).toBe(0));
    const quiet = new AbortController().signal;
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => queue.enqueue(Ping, { n }, { signal: quiet })));
    expect(getEventListeners(quiet, 'abort')).toEqual([]);
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  });
});

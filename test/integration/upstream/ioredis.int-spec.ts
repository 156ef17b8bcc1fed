import { type AddressInfo, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { Cluster, Command, Redis, type RedisOptions } from 'ioredis';
import { ReconnectPace } from '../../../libs/scalr-queue/src/engine/redis/connection/reconnect.pace.js';
import { isNeverSent } from '../../../libs/scalr-queue/src/engine/redis/connection/redis-error.js';
import { meaningOf } from '../../../libs/scalr-queue/src/engine/redis/connection/trouble-text.js';
import { eventually } from '../../support/eventually.js';
import { sharedRedisUrl } from '../../support/redis.js';

/** What ioredis does without promising it, each entry as docs/engine.md lists it. A failure here says what to mend there. */

const NOWHERE = { host: '127.0.0.1', port: 1 };

function open(options: RedisOptions = {}, url: string | null = sharedRedisUrl()): Redis {
  const client = url === null ? new Redis(options) : new Redis(url, options);
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

/** A server that says nothing, or only this when it is spoken to. */
async function startServer(answer?: string): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.on('data', () => answer && socket.write(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error) => error,
  );

describe('a connection of ioredis that waits to connect again', () => {
  const retryStrategy = () => 60_000;

  it.each([
    ['one server', () => open({ ...NOWHERE, retryStrategy }, null)],
    [
      'a cluster',
      () => {
        const cluster = new Cluster([NOWHERE], { clusterRetryStrategy: retryStrategy });
        cluster.on('error', () => undefined);
        onTestFinished(() => cluster.disconnect());
        return cluster;
      },
    ],
  ] as const)(
    'keeps its timer in reconnectTimeout, and connects at once when that is cleared: %s',
    async (_what, start) => {
      const client = start();
      await eventually(() => expect(client.status).toBe('reconnecting'));
      expect(client).toHaveProperty(
        'reconnectTimeout',
        expect.objectContaining({ hasRef: expect.any(Function) }),
      );
      const connecting = once(client, 'connecting');
      new ReconnectPace().hurry([client]);
      expect(client).toHaveProperty('reconnectTimeout', null);
      await connecting;
    },
  );
});

describe('commands of ioredis', () => {
  it('all go through sendCommand of the client, and tell how they stand', async () => {
    const client = open({ enableReadyCheck: false });
    await once(client, 'ready');
    const seen: Command[] = [];
    const send = client.sendCommand.bind(client);
    client.sendCommand = (command, stream) => {
      seen.push(command);
      return send(command, stream);
    };
    await client.get('absent');
    await client.call('exists', 'absent');
    await client.pipeline().get('absent').exec();
    await client.multi().get('absent').exec();
    const names = seen.map(({ name }) => name);
    expect(names).toEqual(['get', 'exists', 'get', 'multi', 'get', 'exec']);
    expect(seen.every(({ isSettled, promise }) => isSettled && promise instanceof Promise)).toBe(true);

    const late = new Command('get', ['absent']);
    expect(late.isSettled).toBe(false);
    late.reject(new Error('no reply'));
    expect(late.isSettled).toBe(true);
    await expect(late.promise).rejects.toThrow('no reply');
  });

  it('are held back by nothing when sent through the prototype', async () => {
    const client = open();
    await once(client, 'ready');
    client.sendCommand = () => Promise.reject(new Error('held back'));
    await expect(client.get('absent')).rejects.toThrow('held back');
    const command = new Command('exists', ['absent'], { replyEncoding: 'utf8' });
    const past = Object.getPrototypeOf(client) as Redis;
    expect(await past.sendCommand.call(client, command)).toBe(0);
  });

  it('of the handshake are these', async () => {
    const seen = new Set<string>();
    class Watched extends Redis {
      override sendCommand(...args: Parameters<Redis['sendCommand']>) {
        seen.add(args[0].name);
        return super.sendCommand(...args);
      }
    }
    const url = new URL(sharedRedisUrl());
    const client = new Watched(Number(url.port), url.hostname, {
      connectionName: 'x',
      db: 1,
      disableClientInfo: true,
    });
    onTestFinished(() => client.disconnect());
    await once(client, 'ready');
    expect([...seen].toSorted()).toEqual(['client', 'hello', 'info', 'select']);
  });

  it('ask with a callback whether the server is ready', async () => {
    const asked: unknown[][] = [];
    const client = open({ lazyConnect: true });
    const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
    client.info = (...args: unknown[]) => {
      asked.push(args);
      return info(...args);
    };
    await client.connect();
    expect(asked).toEqual([[expect.any(Function)]]);
  });

  it('of a script choose their name when they are written', async () => {
    const client = open();
    client.defineCommand('answer', { lua: 'return 42', numberOfKeys: 0 });
    const send = client.sendCommand.bind(client);
    const names: string[] = [];
    client.sendCommand = (command, stream) => {
      const set = (name: string) => names.push(name);
      if (command.name === 'evalsha') Object.defineProperty(command, 'name', { get: () => 'eval_ro', set });
      return send(command, stream);
    };
    expect(await (Reflect.get(client, 'answer') as () => Promise<number>).call(client)).toBe(42);
    expect(names).toEqual(['eval']);
  });
});

describe('a queue of commands of ioredis', () => {
  it('is rejected by flushQueue, the part that was written and the part that was not, when the connection ends', async () => {
    const { port } = await startServer();
    const client = open(
      { port, enableReadyCheck: false, retryStrategy: () => null, disableClientInfo: true },
      null,
    );
    const queues = client as unknown as { flushQueue: (error: Error, options?: object) => void };
    const flush = queues.flushQueue.bind(client);
    const flushed: string[] = [];
    queues.flushQueue = (error, options) => {
      flushed.push(error.message);
      flush(error, options);
    };
    const waiting = errorOf(client.get('absent'));
    await eventually(() => expect(client.status).toBe('connect'));
    client.disconnect();
    expect((await waiting)?.message).toBe('Connection is closed.');
    expect(flushed).toEqual(['Connection is closed.']);
  });

  it.each([
    ['offlineQueue', 'commandQueue'],
    ['commandQueue', 'offlineQueue'],
  ])('is left alone in part: %s', async (flushed, left) => {
    const client = open({ lazyConnect: true });
    const rejected: string[] = [];
    const queued = (name: string) => ({ command: { reject: () => rejected.push(name) } });
    const queues = client as unknown as Record<string, { push: (item: object) => void }> & {
      flushQueue: (error: Error, options: object) => void;
    };
    for (const name of [flushed, left]) queues[name]!.push(queued(name));
    queues.flushQueue(new Error('x'), { [left]: false });
    expect(rejected).toEqual([flushed]);
  });

  it('is sent again by a cluster that reads "Connection is closed.", and for no other text', () => {
    const cluster = new Cluster([NOWHERE], { lazyConnect: true, retryDelayOnFailover: 100 });
    onTestFinished(() => cluster.disconnect());
    const inner = cluster as unknown as { delayQueue: { push: (name: string) => void }; status: string } & {
      handleError: (error: Error, ttl: object, handlers: object) => void;
    };
    const sentAgain: string[] = [];
    inner.delayQueue = { push: (name) => void sentAgain.push(name) };
    inner.status = 'ready';
    const given: string[] = [];
    const handle = (text: string) =>
      inner.handleError(new Error(text), { value: 5 }, { defaults: () => given.push(text) });
    handle('Connection is closed.');
    handle('the connection was closed before the reply came');
    expect({ sentAgain, given }).toEqual({
      sentAgain: ['failover'],
      given: ['the connection was closed before the reply came'],
    });
    inner.status = 'wait';
  });
});

describe('errors of ioredis', () => {
  it('carry the command with its arguments, and the first refusal of a transaction', async () => {
    const client = open();
    await client.del('ioredis-list');
    const wrong = await errorOf(client.call('hset', 'ioredis-list', 'field'));
    expect(wrong).toMatchObject({ command: { name: 'hset', args: ['ioredis-list', 'field'] } });
    const discarded = await errorOf(client.multi().call('hset', 'ioredis-list', 'secret').exec());
    expect(discarded).toMatchObject({
      message: expect.stringMatching(/^EXECABORT /),
      previousErrors: [{ command: { name: 'hset' }, message: expect.stringMatching(/^ERR wrong number/) }],
    });
  });

  it('carry of a cluster the error of the last node', async () => {
    const { port } = await startServer('-ERR no such thing\r\n');
    const cluster = new Cluster([{ host: '127.0.0.1', port }], { clusterRetryStrategy: () => null });
    onTestFinished(() => cluster.disconnect());
    const [error] = await once(cluster, 'error').catch((thrown: unknown) => [thrown]);
    expect(error).toMatchObject({ lastNodeError: { message: expect.any(String) } });
  });

  it('name SELECT where the server has no database of that number, and the client goes on without', async () => {
    const url = new URL(sharedRedisUrl());
    url.pathname = '/9999';
    const client = open({}, url.href);
    const [error] = (await once(client, 'ready').catch((thrown: unknown) => [thrown])) as [Error];
    expect(error).toMatchObject({ command: { name: 'select' } });
    expect(meaningOf(error.message)).toContain('no database of that number');
    await eventually(() => expect(client.status).toBe('ready'));
  });

  it('say that nothing was sent', async () => {
    const client = open({ ...NOWHERE, enableOfflineQueue: false, retryStrategy: () => 60_000 }, null);
    const cluster = new Cluster([NOWHERE], { enableOfflineQueue: false, clusterRetryStrategy: () => 60_000 });
    cluster.on('error', () => undefined);
    onTestFinished(() => cluster.disconnect());
    for (const one of [client, cluster]) {
      const error = await errorOf(one.get('absent'));
      expect(error?.message).toContain('enableOfflineQueue options is false');
      expect(isNeverSent(error!)).toBe(true);
    }
  });

  it('say how a cluster gave up to follow redirections', () => {
    const cluster = new Cluster([NOWHERE], { lazyConnect: true });
    onTestFinished(() => cluster.disconnect());
    const inner = cluster as unknown as {
      handleError: (error: Error, ttl: object, handlers: object) => void;
    };
    let given: Error | undefined;
    const maxRedirections = (error: Error) => (given = error);
    inner.handleError(new Error('Connection is closed.'), { value: 1 }, { maxRedirections });
    expect(given?.message).toBe('Too many Cluster redirections. Last error: Error: Connection is closed.');
    expect(isNeverSent(given!)).toBe(true);
  });

  it('say what became of the sentinels', async () => {
    const sentinels = [NOWHERE];
    const client = open({ sentinels, name: 'main', sentinelRetryStrategy: () => 60_000 }, null);
    const [error] = (await once(client, 'ready').catch((thrown: unknown) => [thrown])) as [Error];
    expect(error.message).toMatch(
      /^All sentinels are unreachable\. Retrying from scratch after \d+ms\. Last error: Connection is closed\.$/,
    );
  });

  it('say that the other side speaks TLS', async () => {
    const { port } = await startServer('\u0015\u0003\u0003\u0000\u0002\u0002\u0046');
    const client = open({ port }, null);
    const [error] = (await once(client, 'ready').catch((thrown: unknown) => [thrown])) as [Error];
    expect(meaningOf(error.message)).toContain('it speaks TLS there');
  });
});

describe('the socket of ioredis', () => {
  it('is its stream, from its second status, "connect", on', async () => {
    const statuses: [string, boolean][] = [];
    const client = open({ lazyConnect: true });
    for (const status of ['connecting', 'connect', 'ready'])
      client.on(status, () => statuses.push([client.status, client.stream?.writable ?? false]));
    await client.connect();
    expect(statuses).toEqual([
      ['connecting', false],
      ['connect', true],
      ['ready', true],
    ]);
    expect(client.stream.bytesRead).toBeGreaterThan(0);
  });
});

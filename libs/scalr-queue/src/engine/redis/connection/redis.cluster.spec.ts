import type { Cluster } from 'ioredis';
import { ENQUEUE_DEADLINE } from '../../../contract/defaults.js';
import type { RedisTarget } from '../../../config/redis-options.js';
import { openCluster } from './redis.cluster.js';

/** A client whose nodes cannot be reached: the test says what becomes of them. */
function start(isProducer: boolean, more: Partial<RedisTarget> = {}): Cluster {
  const nodes = [{ host: '127.0.0.1', port: 1 }];
  const cluster = openCluster({ cluster: nodes, ...more }, nodes, isProducer, { retryStrategy: () => null });
  cluster.on('error', () => undefined);
  onTestFinished(() => cluster.disconnect());
  return cluster;
}

type Flushed = [error: string, queues: object | undefined];

/** A node, as far as the client looks at it here. */
function nodeOf() {
  const flushed: Flushed[] = [];
  const flushQueue = (error: Error, queues?: object) => void flushed.push([error.message, queues]);
  return { flushed, flushQueue, options: {} as { password?: string } };
}

const WRITTEN: Flushed = ['the connection was closed before the reply came', { offlineQueue: false }];
const UNWRITTEN: Flushed = ['Connection is closed.', { commandQueue: false }];

describe('a client of a cluster that fails fast', () => {
  it('tells what was written from what was not when the connection of a node closes', () => {
    const cluster = start(true);
    const node = nodeOf();
    cluster.emit('+node', node);
    const error = new Error('Connection is closed.');
    node.flushQueue(error);
    expect(node.flushed.splice(0)).toEqual([WRITTEN, UNWRITTEN]);
    node.flushQueue(error, {});
    expect(node.flushed.splice(0)).toEqual([WRITTEN, UNWRITTEN]);
    node.flushQueue(error, { offlineQueue: false });
    expect(node.flushed.splice(0)).toEqual([WRITTEN]);
    node.flushQueue(error, { commandQueue: false });
    expect(node.flushed).toEqual([UNWRITTEN]);
  });

  it('limits each command to the time of a call', () => {
    expect(start(true).options.redisOptions).toMatchObject({ commandTimeout: ENQUEUE_DEADLINE });
    expect(start(false).options.redisOptions).not.toHaveProperty('commandTimeout');
  });
});

describe('a client of a cluster that waits', () => {
  it('sends again what a node has not answered', () => {
    const cluster = start(false);
    const node = nodeOf();
    cluster.emit('+node', node);
    const error = new Error('Connection is closed.');
    node.flushQueue(error);
    expect(node.flushed).toEqual([['Connection is closed.', undefined]]);
  });
});

describe('the password of a cluster that is fetched', () => {
  it.each(['-node', 'close'])(
    'is asked for again when a node is lost, and given to new ones: %s',
    async (loss) => {
      let fetched = 0;
      const cluster = start(false, { fetchPassword: async () => `secret ${++fetched}` });
      const [early, late] = [nodeOf(), nodeOf()];
      cluster.emit('+node', early);
      expect(early.options).toEqual({});
      cluster.nodes = (() => [early]) as never;
      cluster.emit(loss);
      await vi.waitFor(() => expect(early.options).toEqual({ password: `secret ${fetched}` }), {
        timeout: 10_000,
      });
      cluster.emit('+node', late);
      expect(late.options).toEqual({ password: `secret ${fetched}` });
    },
  );

  it('stays what it was where it cannot be fetched', async () => {
    const cluster = start(true, { fetchPassword: () => Promise.reject(new Error('no vault')) });
    cluster.emit('-node');
    await new Promise(setImmediate);
    const node = nodeOf();
    cluster.emit('+node', node);
    expect(node.options).toEqual({});
  });
});

import type { Cluster } from 'ioredis';
import { defineJob, OutcomeUnknownError, ProcessJob, QueueUnavailableError } from 'scalr-queue';
import { RedisConnections } from '../../libs/scalr-queue/src/engine/redis/connection/redis.connections.js';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { RedisCluster, startNode } from '../support/cluster.js';
import { eventually } from '../support/eventually.js';
import type { RedisServer } from '../support/redis.js';

const Count = defineJob<{ n: number }>('count', { retry: false });

/** Half of the calls have to be as quick as what is known allows: a single one may meet a busy machine. */
const AT_ONCE = 50;
const medianOf = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!;

const ran: string[] = [];
class Counter {
  @ProcessJob(Count)
  count({ n }: { n: number }) {
    ran.push(String(n));
  }
}

type Producer = Awaited<ReturnType<typeof startProducer>>;

async function timed(work: Promise<unknown>) {
  const started = performance.now();
  const outcome = await work.catch((error: unknown) => error);
  return { outcome, ms: performance.now() - started };
}

const ready = async (url: string) => (await fetch(`${url}/health/ready`)).status;

describe('a cluster with a password that changes', () => {
  it('asks the function for it again when a node is lost', async () => {
    const node = await startNode(['--requirepass', 'one']);
    onTestFinished(() => node.stop());
    await node.cli('-a', 'one', '--no-auth-warning', 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    let password = 'one';
    const redis = { cluster: [{ host: '127.0.0.1', port: node.port }], password: () => password };
    const { queue } = await startProducer({ redis });
    await eventually(() => queue.enqueue(Count, { n: 0 }));
    password = 'two';
    await node.cli('-a', 'one', '--no-auth-warning', 'CONFIG', 'SET', 'requirepass', password);
    await node.cli('-a', 'two', '--no-auth-warning', 'CLIENT', 'KILL', 'TYPE', 'normal');
    await new Promise(setImmediate);
    await eventually(() => queue.enqueue(Count, { n: 1 }));
    expect(await node.cli('-a', 'two', '--no-auth-warning', 'DBSIZE')).not.toBe('0');
  });
});

describe('a cluster', () => {
  const app = uniqueApp();
  let cluster: RedisCluster;
  let slot: string;
  let owner: RedisServer;
  let producer: Producer;
  let worker: { url: string };
  const ends: (() => Promise<void>)[] = [];
  const atEnd = (work: () => Promise<void>) => void ends.push(work);
  let n = 0;
  const enqueue = (options = {}) => timed(producer.queue.enqueue(Count, { n: n++ }, options));
  const works = () =>
    eventually(async () => expect((await enqueue()).outcome).toMatchObject({ status: 'created' }));

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    slot = await cluster.slotOf(`scalr:{${app}}:x`);
    owner = await cluster.ownerOf(slot);
    producer = await startProducer({ app, redis: cluster.target }, { atEnd });
    worker = await startWorker({ app, redis: cluster.target, providers: [Counter] }, {}, atEnd);
  }, 60_000);

  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
    await cluster[Symbol.asyncDispose]();
  });

  it('takes and runs jobs: plain, with ids, unique, many', async () => {
    const calls = Array.from({ length: 50 }, (_, k) =>
      enqueue({ id: `first-${k}`, unique: { key: `key-${k}` } }),
    );
    for (const { outcome } of await Promise.all(calls)) expect(outcome).toMatchObject({ status: 'created' });
    await producer.queue.enqueueMany(
      Count,
      Array.from({ length: 50 }, () => ({ n: n++ })),
    );
    await eventually(() => expect(ran).toHaveLength(100));
    expect(await ready(worker.url)).toBe(200);
  });

  it('sends nothing again that was written before a connection closed', async () => {
    const client = producer.get(RedisConnections).producer as unknown as Cluster;
    const key = `scalr:{${app}}:~count`;
    await client.get(key);
    const calls = Array.from({ length: 20 }, () => client.incr(key));
    for (const node of client.nodes('master')) if (node.status === 'ready') node.stream.destroy();
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    await works();
    expect(Number(await client.get(key))).toBeLessThanOrEqual(20);
  });

  it('is not ready, and refuses at once, while nobody serves the slot of the app', async () => {
    await owner.cli('CLUSTER', 'DELSLOTS', slot);
    await eventually(async () => expect(await ready(worker.url)).toBe(503));
    const times: number[] = [];
    for (let k = 0; k < 20; k++) {
      const { outcome, ms } = await enqueue(
        k % 2 === 0 ? {} : { id: `unserved-${k}`, unique: { key: `k-${k}` } },
      );
      expect(outcome).toBeInstanceOf(QueueUnavailableError);
      times.push(ms);
    }
    expect(medianOf(times)).toBeLessThan(AT_ONCE);
    const { outcome } = await timed(
      producer.queue.enqueueMany(
        Count,
        Array.from({ length: 20 }, () => ({ n: n++ })),
      ),
    );
    expect(outcome).toBeInstanceOf(QueueUnavailableError);
    await owner.cli('CLUSTER', 'ADDSLOTS', slot);
    await works();
    await eventually(async () => expect(await ready(worker.url)).toBe(200));
  });

  it('goes on while the slot of the app moves to another master', async () => {
    const target = cluster.nodes.find((node) => node !== owner)!;
    const [from, to] = [await owner.cli('CLUSTER', 'MYID'), await target.cli('CLUSTER', 'MYID')];
    const outcomes: unknown[] = [];
    const move = { goesOn: true };
    const calls = (async () => {
      while (move.goesOn) {
        const options = { id: `moving-${n}`, unique: { key: `m-${n}` } };
        const { outcome } = await enqueue(options);
        outcomes.push(outcome);
        // Refused: the same again, which makes one job.
        if (outcome instanceof Error)
          await eventually(() => producer.queue.enqueue(Count, { n: n++ }, options));
      }
    })();
    await target.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from);
    await owner.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to);
    await eventually(async () => {
      const keys = (await owner.cli('CLUSTER', 'GETKEYSINSLOT', slot, '100')).split('\n').filter(Boolean);
      if (keys.length > 0) {
        const { port } = target;
        await owner.cli('MIGRATE', '127.0.0.1', String(port), '', '0', '5000', 'KEYS', ...keys);
      }
      expect(keys).toHaveLength(0);
    });
    for (const node of [target, owner]) await node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', to);
    owner = target;
    await works();
    move.goesOn = false;
    await calls;
    await works();
    expect(outcomes.length).toBeGreaterThan(0);
    expect(outcomes.filter((outcome) => outcome instanceof OutcomeUnknownError)).toEqual([]);
    // The look is a second old at the most.
    await eventually(async () => expect(await ready(worker.url)).toBe(200));
  });

  it('refuses at once after its master has died, sends nothing twice, and goes on with the replica', async () => {
    await cluster.addReplica(owner);
    const lost = owner;
    lost.freeze();
    // Written, and never answered.
    const inFlight = Array.from({ length: 20 }, () => enqueue());
    await new Promise(setImmediate);
    await lost.kill();
    for (const { outcome, ms } of await Promise.all(inFlight)) {
      expect(outcome).toBeInstanceOf(OutcomeUnknownError);
      expect(ms).toBeLessThan(6_000);
    }
    await eventually(async () => expect((await enqueue()).outcome).toBeInstanceOf(QueueUnavailableError));
    const { outcome, ms } = await enqueue();
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(QueueUnavailableError);
    // The promise of every call; the machine is shared.
    expect(ms).toBeLessThan(6_000);
    await works();
    await eventually(async () => expect(await ready(worker.url)).toBe(200));
  });
});

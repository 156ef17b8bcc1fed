import { eventually } from './eventually.js';
import { freePort } from './ports.js';
import { RedisServer } from './redis.js';

const SLOTS = 16_384;
const NODE_TIMEOUT = 1_000;
/** Above it there is no room for the port of the cluster bus. */
const HIGHEST_PORT = 55_000;

/** A Redis Cluster of three masters, to be failed over and moved about. */
export class RedisCluster implements AsyncDisposable {
  private constructor(readonly nodes: RedisServer[]) {}

  static async start(): Promise<RedisCluster> {
    const cluster = new RedisCluster(await Promise.all([startNode(), startNode(), startNode()]));
    const [first] = cluster.nodes;
    const share = Math.ceil(SLOTS / cluster.nodes.length);
    for (const [n, node] of cluster.nodes.entries()) {
      const last = Math.min((n + 1) * share, SLOTS) - 1;
      await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', String(n + 1));
      await node.cli('CLUSTER', 'ADDSLOTSRANGE', String(n * share), String(last));
      if (node !== first) await node.cli('CLUSTER', 'MEET', '127.0.0.1', String(first!.port));
    }
    await cluster.settled();
    return cluster;
  }

  /** What the option `redis` takes. */
  get target() {
    return { cluster: this.nodes.map(({ port }) => ({ host: '127.0.0.1', port })) };
  }

  /** A replica of a master, ready to take over. */
  async addReplica(master: RedisServer): Promise<RedisServer> {
    const replica = await startNode();
    this.nodes.push(replica);
    await replica.cli('CLUSTER', 'MEET', '127.0.0.1', String(master.port));
    const id = await master.cli('CLUSTER', 'MYID');
    await eventually(() => replica.cli('CLUSTER', 'REPLICATE', id));
    await eventually(async () =>
      (await replica.cli('INFO', 'replication')).includes('master_link_status:up'),
    );
    await this.settled();
    return replica;
  }

  /** The slot of a key. */
  async slotOf(key: string): Promise<string> {
    return this.nodes[0]!.cli('CLUSTER', 'KEYSLOT', key);
  }

  /** The master with the slot. */
  async ownerOf(slot: string): Promise<RedisServer> {
    for (const node of this.nodes) {
      const own = (await node.cli('CLUSTER', 'NODES'))
        .split('\n')
        .find((line) => line.includes('myself,master'));
      const ranges = (own?.split(' ').slice(8) ?? []).map((range) => range.split('-').map(Number));
      if (ranges.some(([from = 0, to = from]) => from <= Number(slot) && Number(slot) <= to)) return node;
    }
    throw new Error(`nobody owns slot ${slot}`);
  }

  /** All nodes know all slots, and each other. */
  async settled(): Promise<void> {
    await eventually(async () => {
      const infos = await Promise.all(this.nodes.map((node) => node.cli('CLUSTER', 'INFO')));
      const known = `cluster_known_nodes:${this.nodes.length}`;
      return infos.every((info) => info.includes('cluster_state:ok') && info.includes(known));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** A Redis that can be a node of a cluster, and knows no other node yet. */
export async function startNode(args: string[] = []): Promise<RedisServer> {
  let port = await freePort();
  while (port > HIGHEST_PORT) port = await freePort();
  return RedisServer.start({
    port,
    args: [
      ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT)],
      ['--cluster-require-full-coverage', 'no', '--cluster-replica-validity-factor', '0'],
      ['--appendonly', 'no', '--save', '', '--repl-diskless-sync-delay', '0'],
      ['--cluster-announce-ip', '127.0.0.1'],
      args,
    ].flat(),
  });
}

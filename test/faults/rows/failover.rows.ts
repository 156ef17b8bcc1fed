import { eventually } from '../../support/eventually.js';
import type { RedisServer } from '../../support/redis.js';
import { pause } from '../harness/pause.js';
import { type FaultRow, SLACK } from '../harness/row.js';
import { startSentinels } from '../harness/sentinels.js';
import type { Stage } from '../harness/stage.js';
import { underLoad } from '../harness/under-load.js';

const DOWN_AFTER = 2_000;

/** Another Redis takes over. */
export const failoverRows: FaultRow[] = [
  {
    id: 38,
    name: 'sentinels promote the replica of a killed master (down after 2 s)',
    requirement:
      'resumes in 2 x down-after + 2 s; 20 at most run twice; none lost in this drill, asynchronous replication can lose some',
    quick: false,
    patience: 120,
    async run(stage) {
      const master = await stage.redis();
      const replica = await stage.redis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
      const follows = async () =>
        expect(await replica.cli('info', 'replication')).toContain('master_link_status:up');
      await eventually(follows, { timeout: 20_000 });
      const sentinels = await startSentinels(stage, master.port, DOWN_AFTER);
      return failOver(stage, { sentinels, name: 'main' }, master, 2 * DOWN_AFTER + 2_000);
    },
  },
  {
    id: 39,
    name: 'a master of a cluster killed (node timeout 2 s)',
    requirement: 'resumes in 5 s; 20 at most run twice, none lost in this drill',
    quick: false,
    patience: 120,
    async run(stage) {
      const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(DOWN_AFTER)];
      const nodes = await Promise.all(Array.from({ length: 6 }, () => stage.redis({ args })));
      const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
      await nodes[0]!.cli('--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes');
      const whole = async () => expect(await nodes[5]!.cli('cluster', 'info')).toContain('cluster_state:ok');
      await eventually(whole, { timeout: 20_000 });
      // A replica that has no copy yet does not stand for election.
      const copied = async () => {
        const roles = await Promise.all(nodes.map((node) => node.cli('info', 'replication')));
        expect(roles.filter((role) => role.includes('master_link_status:up'))).toHaveLength(3);
      };
      await eventually(copied, { timeout: 20_000 });
      const cluster = nodes.slice(3).map(({ port }) => ({ host: '127.0.0.1', port }));
      const slot = await nodes[0]!.cli('cluster', 'keyslot', `{${stage.app}}`);
      const owner = await ownerOf(Number(slot), nodes);
      return failOver(stage, { cluster }, owner, 5_000);
    },
  },
  {
    id: 40,
    name: 'split brain: the master frozen, another promoted, the old one back (min-replicas-to-write 1, lag 2 s)',
    requirement:
      'the old master takes no write later than lag + 2 s after it is back; resumes on the new one; what is lost or runs twice is counted, 20 of each at most',
    quick: false,
    patience: 150,
    async run(stage) {
      const guard = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];
      const master = await stage.redis({ args: guard });
      const follow = [...guard, '--replicaof', '127.0.0.1', String(master.port)];
      const replicas = await Promise.all([stage.redis({ args: follow }), stage.redis({ args: follow })]);
      await eventually(
        async () => expect(await master.cli('info', 'replication')).toContain('min_slaves_good_slaves:2'),
        { timeout: 20_000 },
      );
      const sentinels = await startSentinels(stage, master.port, DOWN_AFTER);
      const target = { sentinels, name: 'main' };
      const producer = await stage.producer('', { redis: target });
      await stage.worker('', { redis: target }).then((worker) => worker.ready());
      let lastTaken = 0;
      let readOnly = false;
      const figures = await underLoad(stage, [producer], {
        rate: 200,
        after: 10,
        twice: 20,
        // What the old master acknowledged and had not sent on when it froze.
        lost: 20,
        fault: async () => {
          master.freeze();
          const promoted = () => Promise.any(replicas.map((replica) => takesWrites(replica)));
          await eventually(promoted, { timeout: 30_000 });
          const promotedAt = Date.now();
          await eventually(() => stage.ledger.firstFinishAfter(promotedAt), { timeout: 20_000 });
          master.thaw();
          const backAt = Date.now();
          while (Date.now() < backAt + 15_000 && !readOnly) {
            const answer = await master.cli('set', 'probe', '1').catch((error: Error) => error.message);
            if (answer === 'OK') lastTaken = Date.now() - backAt;
            readOnly = answer.includes('READONLY');
            await pause(50);
          }
          return promotedAt;
        },
      });
      expect(readOnly, 'the old master has become a replica').toBe(true);
      expect(lastTaken).toBeLessThanOrEqual(4_000 * SLACK);
      const window = lastTaken > 0 ? `took writes for ${lastTaken} ms` : 'took no write';
      return { ...figures, note: `the old master ${window}; ${figures.lost} acknowledged jobs were lost` };
    },
  },
];

async function takesWrites(redis: RedisServer): Promise<true> {
  const answer = await redis.cli('set', 'probe', '1');
  if (answer !== 'OK') throw new Error(answer);
  return true;
}

async function ownerOf(slot: number, nodes: readonly RedisServer[]): Promise<RedisServer> {
  const lines = (await nodes[0]!.cli('cluster', 'nodes')).split('\n');
  for (const line of lines) {
    const [, address = '', flags = '', , , , , , ...ranges] = line.split(' ');
    const holds = ranges.some((range) => {
      const [from, to = from] = range.split('-').map(Number);
      return from! <= slot && slot <= to!;
    });
    const port = Number(/:(\d+)@/.exec(address)?.[1]);
    if (flags.includes('master') && holds) return nodes.find((node) => node.port === port)!;
  }
  throw new Error(`nobody owns the slot ${slot}`);
}

/** Kills a master under load; the time to resume counts from the kill. */
async function failOver(stage: Stage, redis: object, master: RedisServer, resume: number) {
  const producer = await stage.producer('', { redis });
  await stage.worker('', { redis }).then((worker) => worker.ready());
  const figures = await underLoad(stage, [producer], {
    rate: 200,
    after: 15,
    twice: 20,
    fault: async () => {
      await master.kill();
      return Date.now() + 250; // What was under way ends.
    },
  });
  expect(figures.resumeMs).toBeLessThanOrEqual(resume * SLACK);
  return figures;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { supervise } from '../../../scripts/process/supervise.mjs';
import { findRedisServer } from '../../../scripts/redis/find.mjs';
import { eventually } from '../../support/eventually.js';
import { freePort } from '../../support/ports.js';
import { NotRunHere } from './row.js';
import type { Stage } from './stage.js';

/** A master, its replica, and three sentinels that watch both as `main`. */
export async function startReplicated(stage: Stage, downAfter: number) {
  const master = await stage.redis();
  const replica = await stage.redis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
  await eventually(
    async () => expect(await replica.cli('info', 'replication')).toContain('master_link_status:up'),
    { timeout: 20_000 },
  );
  return { master, target: { sentinels: await startSentinels(stage, master.port, downAfter), name: 'main' } };
}

/** Three sentinels that watch the master of that port as `main`. */
export async function startSentinels(stage: Stage, masterPort: number, downAfter: number) {
  const binaries = await findRedisServer();
  if (!binaries) throw new NotRunHere('needs a redis-server of its own');
  const nodes: { host: string; port: number }[] = [];
  for (let index = 0; index < 3; index++) {
    const port = await freePort();
    const file = join(stage.dir, `sentinel-${index}.conf`);
    await writeFile(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `logfile ${file}.log`,
        `dir ${stage.dir}`,
        `sentinel monitor main 127.0.0.1 ${masterPort} 2`,
        `sentinel down-after-milliseconds main ${downAfter}`,
        'sentinel failover-timeout main 10000',
        '',
      ].join('\n'),
    );
    const child = await supervise({
      command: binaries.server,
      args: [file, '--sentinel'],
      cwd: stage.dir,
      env: binaries.env,
    });
    stage.onClose(() => child.stop(0));
    nodes.push({ host: '127.0.0.1', port });
  }
  return nodes;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { supervise } from '../../../scripts/process/supervise.mjs';
import { findRedisServer } from '../../../scripts/redis/find.mjs';
import { freePort } from '../../support/ports.js';
import { NotRunHere } from './row.js';
import type { Stage } from './stage.js';

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

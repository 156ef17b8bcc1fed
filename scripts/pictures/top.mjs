// @ts-check
/** `npm run pictures`: docs/images/top.png, of two workers that have much to do. Needs `npm run build`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { supervise } from '../process/supervise.mjs';
import { provideRedis } from '../redis/provide.mjs';
import { root } from '../workspace/root.mjs';
import { output, pictureOf } from './terminal.mjs';

/** Until every worker has told a few times what it did. */
const BUSY_FOR = 17_000;

const target = process.argv[2] ?? join(root, 'docs/images/top.png');
const dir = await mkdtemp(join(tmpdir(), 'scalr-pictures-'));
/** @type {(() => unknown)[]} */
const stops = [() => rm(dir, { recursive: true, force: true })];
try {
  const redis = await provideRedis({ dir, log: () => undefined });
  stops.unshift(() => redis.stop());
  const env = { ...process.env, SCALR_REDIS_URL: redis.url, SCALR_APP: 'shop', SCALR_WORKER_PORT: '0' };
  for (const role of [{ FEEDS: '1' }, {}]) {
    const child = await supervise({
      command: process.execPath,
      args: [join(root, 'scripts/pictures/busy.worker.mjs')],
      cwd: root,
      env: { ...env, ...role, SCALR_SHUTDOWN_TIMEOUT: '100ms' },
      graceMs: 1_000,
    });
    for (const stream of [child.stdout, child.stderr]) stream?.resume();
    stops.unshift(() => child.stop(5_000));
  }
  const command = (/** @type {string[]} */ ...args) => [
    process.execPath,
    join(root, 'libs/scalr-queue/dist/cli/main.js'),
    ...args,
  ];
  await pause(BUSY_FOR);
  const text = await output(command('top', '--once'), env);
  if (!/2 workers/.test(text)) throw new Error(`the app is not as it should be:\n${text}`);
  await pictureOf(text, target, { title: 'npx scalr-queue top' });
} finally {
  for (const stop of stops) await stop();
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppProcess } from '../../support/processes.js';
import type { RedisServer } from '../../support/redis.js';
import { pause } from './pause.js';
import { type Grant, mostAtATime, mostWithin, readGrants } from './shared-grants.js';
import type { Stage } from './stage.js';

const script = fileURLToPath(new URL('../apps/shared.mjs', import.meta.url));
/** Boots of many processes at a time. */
const BOOT = 180_000;

/** One of each kind. */
export const LIMITERS = [
  { bucket: { capacity: 200, refill: 100, per: '1s' } },
  { window: { max: 100, per: '1s' } },
  { concurrent: { max: 5, lease: '60s' } },
];

/** Processes that call a limiter. */
interface Crowd {
  readonly limiter: object;
  readonly processes: number;
  /** Of each. */
  readonly calls: number;
}

/** So many processes call a limiter so often each. @returns what was seen */
export async function crowd(stage: Stage, redis: string, of: Crowd): Promise<string> {
  const grants = await grantsOf(stage, redis, of);
  const { kind, most, limit } = mostOf(of.limiter, grants);
  expect(most).toBeLessThanOrEqual(limit);
  expect(most).toBeGreaterThan(0);
  return `${kind}: ${of.processes * of.calls} calls, ${grants.length} granted, at most ${most} of ${limit}`;
}

/** The same, with Redis emptied meanwhile: by what was granted before, after and over all. @returns what was seen */
export async function wipedCrowd(stage: Stage, redis: RedisServer, of: Crowd): Promise<string> {
  const moment = () => Number(process.hrtime.bigint()) / 1e6;
  let [began, ended] = [0, 0];
  const grants = await grantsOf(stage, redis.url, of, async () => {
    await pause(300);
    began = moment();
    await redis.cli('flushall');
    ended = moment();
  });
  const before = mostOf(of.limiter, grants.filter((one) => one.began < began)); // prettier-ignore
  const after = mostOf(of.limiter, grants.filter((one) => one.asked > ended)); // prettier-ignore
  const { kind, most, limit } = mostOf(of.limiter, grants);
  for (const part of [before, after]) {
    expect(part.most).toBeLessThanOrEqual(limit);
    expect(part.most).toBeGreaterThan(0);
  }
  expect(most).toBeLessThanOrEqual(2 * limit);
  return `${kind}: at most ${before.most} of ${limit} before, ${after.most} after, ${most} over both`;
}

async function grantsOf(
  stage: Stage,
  redis: string,
  { limiter, processes, calls }: Crowd,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<Grant[]> {
  const [kind] = Object.keys(limiter);
  const files = Array.from({ length: processes }, (_, at) => join(stage.dir, `${kind}-${at}`));
  const app = `${stage.app}-${kind}`;
  const started = await Promise.all(
    files.map((out) => startShared(stage, redis, { role: 'limit', app, limiter, calls, out })),
  );
  await meanwhile();
  await Promise.all(started.map((one) => one.waitForOutput(/^done$/m, 300_000)));
  return (await Promise.all(files.map(readGrants))).flat();
}

function mostOf(limiter: object, grants: readonly Grant[]) {
  const [kind = ''] = Object.keys(limiter);
  const most = kind === 'concurrent' ? mostAtATime(grants) : mostWithin(grants, 999);
  return { kind, most, limit: kind === 'concurrent' ? 5 : kind === 'window' ? 100 : 300 };
}

/** A process of `test/faults/apps/shared.mjs`, once it is up. */
export async function startShared(
  stage: Stage,
  redis: unknown,
  settings: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<AppProcess> {
  const config = { app: stage.app, redis, ...settings };
  const process = await AppProcess.start({
    script,
    name: String(settings['role']),
    env: { NO_COLOR: '1', FAULT_CONFIG: JSON.stringify(config), ...env },
  });
  stage.onClose(() => process.kill());
  await process.waitForOutput(/^up$/m, BOOT);
  return process;
}

/** The fence with which a process holds the lock, once it does. */
export const heldBy = async (process: AppProcess, timeout?: number): Promise<number> =>
  Number((await process.waitForOutput(/held (\d+)/, timeout))[1]);

/** The last event that a process has said. */
export const toldBy = ({ output }: AppProcess): number =>
  Number([...output.matchAll(/told (\d+)\./g)].at(-1)?.[1] ?? -1);

/** Takes a write only with the largest fence that it has seen, as a statement with `where fence <= $1` does. */
export async function fencedDatabase(stage: Stage) {
  let largest = 0;
  const accepted: number[] = [];
  const server = createServer((request, response) => {
    const fence = Number(request.url?.slice(1));
    response.statusCode = fence >= largest ? 200 : 409;
    largest = Math.max(largest, fence);
    if (response.statusCode === 200) accepted.push(fence);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stage.onClose(async () => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fence: () => largest,
    accepted,
  };
}

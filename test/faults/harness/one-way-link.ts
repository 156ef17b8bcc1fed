import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../support/ports.js';
import { AppProcess } from '../../support/processes.js';
import { NotRunHere } from './row.js';
import type { Stage } from './stage.js';

const run = promisify(execFile);
const ip = (...args: string[]) => run('ip', args);
const script = fileURLToPath(new URL('../apps/forward.mjs', import.meta.url));

/**
 * A way to Redis over a network of its own, whose packets can be lost in one direction. On its far side, in a network
 * namespace, a process passes every connection on to Redis. It reaches Redis by another address of ours than the one that
 * the apps call from: so what the apps send still arrives and is done, and only what comes back to them goes into a hole.
 */
export async function oneWayLink(stage: Stage, redisPort: number) {
  const id = `sq${process.pid % 10_000}${Math.floor(stage.random() * 1_000)}`;
  const [near, far] = [`${id}a`, `${id}b`];
  const subnet = `10.${200 + (process.pid % 50)}.${Math.floor(stage.random() * 250)}`;
  const [apps, redis, forwarder] = [1, 2, 3].map((host) => `${subnet}.${host}`) as [string, string, string];
  const inside = (...args: string[]) => ip('netns', 'exec', id, 'ip', ...args);
  try {
    await ip('netns', 'add', id);
    stage.onClose(() => ip('netns', 'del', id));
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', id);
    stage.onClose(() => ip('link', 'del', near));
    await ip('addr', 'add', `${apps}/24`, 'dev', near);
    await ip('addr', 'add', `${redis}/24`, 'dev', near);
    await ip('link', 'set', near, 'up');
    await inside('addr', 'add', `${forwarder}/24`, 'dev', far);
    await inside('link', 'set', far, 'up');
  } catch (error) {
    throw new NotRunHere(`needs root and network namespaces (${String(error).split('\n')[0]})`);
  }
  const relay = await stage.proxy(redisPort, redis);
  const port = await freePort();
  const forward = await AppProcess.start({
    script,
    args: [String(port), redis, String(relay.port)],
    wrapper: ['ip', 'netns', 'exec', id],
    name: 'forwarder',
  });
  stage.onClose(() => forward.kill());
  await forward.waitForOutput(/forwarding/);
  return {
    url: `redis://${forwarder}:${port}`,
    /** Packets to the apps vanish; nobody is told. */
    loseReplies: (lose: boolean) => inside('route', lose ? 'add' : 'del', 'blackhole', `${apps}/32`),
  };
}

import type { RedisServer } from '../../support/redis.js';
import { pause } from '../harness/pause.js';
import type { TcpProxy } from '../harness/proxy.js';
import type { WorkerProcess } from '../harness/worker.process.js';

/** What the chaos plays with. */
export interface Arena {
  readonly redis: RedisServer;
  readonly proxy: TcpProxy;
  /** Replaced when they are killed. */
  readonly workers: WorkerProcess[];
  readonly startWorker: () => Promise<WorkerProcess>;
  readonly random: () => number;
}

/** Faults by name; each resolves when what it broke is mended. */
const FAULTS: Readonly<Record<string, (arena: Arena) => Promise<unknown>>> = {
  async 'worker killed'(arena) {
    const place = Math.floor(arena.random() * arena.workers.length);
    await arena.workers[place]!.process.kill();
    arena.workers[place] = await arena.startWorker();
  },
  async 'Redis killed'({ redis, random }) {
    await redis.kill();
    await pause(500 * random());
    await redis.restart();
  },
  async 'Redis frozen'({ redis, random }) {
    redis.freeze();
    await pause(2_000 + 2_000 * random());
    redis.thaw();
  },
  async 'worker frozen'({ workers, random }) {
    const { process } = workers[Math.floor(random() * workers.length)]!;
    process.signal('SIGSTOP');
    await pause(8_000);
    process.signal('SIGCONT');
  },
  'connections killed': ({ redis }) => redis.cli('client', 'kill', 'type', 'normal'),
  'scripts forgotten': ({ redis }) => redis.cli('script', 'flush'),
  'network cut': async ({ proxy }) => proxy.cut(),
};

/** One fault after the other, in an order that the seed decides, until the time is over. */
export async function rage(arena: Arena, ms: number, report: (fault: string) => void): Promise<number> {
  const until = Date.now() + ms;
  const names = Object.keys(FAULTS);
  let faults = 0;
  while (Date.now() < until) {
    const name = names[Math.floor(arena.random() * names.length)]!;
    report(name);
    await FAULTS[name]!(arena);
    faults++;
    await pause(1_500 + 2_000 * arena.random());
  }
  return faults;
}

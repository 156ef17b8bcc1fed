import type { RedisClient } from '../connection/redis.client.js';
import { denialOf } from '../connection/acl-refusal.js';
import { infoField } from '../preflight/redis-info.js';
import type { Finding } from '../../finding.js';
import { counted } from '../../../contract/counted.js';

/** How loaded a Redis server is; fields that it may not be asked for are absent. */
export interface ServerLoad {
  readonly usedMemory?: number;
  /** 0 for no limit. */
  readonly maxMemory?: number;
  readonly clients?: number;
  readonly maxClients?: number;
  /** Connections by app, from their names; absent where CLIENT LIST may not be asked, or is too long. */
  readonly clientsByApp?: Readonly<Record<string, number>>;
  readonly evictedKeys?: number;
  readonly aofWriteFailed?: boolean;
  /** How often a write to the append-only file waited two seconds for the disk, since the start of the server. */
  readonly aofDelayedFsync?: number;
  readonly saveFailed?: boolean;
  readonly fsync?: string;
  /** Bytes of the longest field of a hash that is stored the short way. */
  readonly listpackValue?: number;
}

/** A longer list is not asked for: Redis answers it in one piece. */
const LONGEST_CLIENT_LIST = 2_000;
const NEARLY_FULL = 0.75;
const FULL = 0.9;
/** Memory of an app from which on it is worth a word how its jobs are stored. */
const MUCH = 64 * 2 ** 20;
/** Its name since Redis 7. */
const LISTPACK_VALUE = 'hash-max-listpack-value';
/** Long enough for the options of a job, and for most payloads. */
const ROOMY = 512;

export async function readServerLoad(redis: RedisClient): Promise<ServerLoad> {
  const figures = await readFigures(redis);
  return {
    ...figures,
    fsync: await settingOf(redis, 'appendfsync'),
    listpackValue: Number((await settingOf(redis, LISTPACK_VALUE)) ?? NaN) || undefined,
    clientsByApp: (figures.clients ?? 0) > LONGEST_CLIENT_LIST ? undefined : await clientsByApp(redis),
  };
}

/** As much of it as `INFO` tells, which the user of an app may ask for. */
export async function readFigures(redis: RedisClient): Promise<ServerLoad> {
  const info = await redis.info().catch(() => '');
  const number = (name: string) => {
    const text = infoField(info, name);
    return text === undefined ? undefined : Number(text);
  };
  const failed = (name: string) => infoField(info, name) !== undefined && infoField(info, name) !== 'ok';
  return {
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    clients: number('connected_clients'),
    maxClients: number('maxclients'),
    evictedKeys: number('evicted_keys'),
    aofWriteFailed: failed('aof_last_write_status'),
    aofDelayedFsync: number('aof_delayed_fsync'),
    saveFailed: failed('rdb_last_bgsave_status'),
  };
}

/** What the load means. */
export function checkLoad(load: ServerLoad): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Finding['severity'], problem: string, cure: string) =>
    findings.push({ severity, problem, cure });
  const { usedMemory, maxMemory, clients, maxClients } = load;
  if (usedMemory !== undefined && maxMemory) {
    const share = usedMemory / maxMemory;
    const problem = `Redis uses ${percent(share)} of its maxmemory; when it is full every enqueue is refused`;
    if (share >= NEARLY_FULL)
      add(
        share >= FULL ? 'danger' : 'warning',
        problem,
        'Raise maxmemory, add workers, or keep fewer finished jobs',
      );
  } else if (maxMemory === 0) {
    add(
      'warning',
      'Redis has no maxmemory: when the memory of its host is full it is killed instead of refusing jobs',
      'Start Redis with --maxmemory, below the memory that it may have',
    );
  }
  if (load.evictedKeys) {
    add(
      'danger',
      `JOBS MAY BE LOST: Redis has evicted ${counted(load.evictedKeys, 'key')} since its start`,
      'Set maxmemory-policy to noeviction, and raise maxmemory',
    );
  }
  if (load.aofWriteFailed || load.saveFailed) {
    const what = load.aofWriteFailed ? 'its append-only file' : 'its snapshot';
    add(
      'danger',
      `JOBS CAN BE LOST: Redis could not write ${what} the last time`,
      'See whether its disk is full or read-only',
    );
  }
  if (load.aofDelayedFsync) {
    add(
      'warning',
      `The disk of Redis is too slow for appendfsync everysec (aof_delayed_fsync ${load.aofDelayedFsync}): a Redis that is killed may lose up to two seconds of acknowledged jobs`,
      'Give it a faster disk, or set appendfsync to always (docs/production.md#what-redis-keeps)',
    );
  }
  if (load.fsync === 'no') {
    add(
      'warning',
      'appendfsync is no: a crash of the host can lose half a minute of jobs',
      'Start Redis with --appendfsync everysec',
    );
  }
  if (clients !== undefined && maxClients) {
    const share = clients / maxClients;
    const problem = `${clients} of ${maxClients} connections to Redis are taken; beyond that none is accepted`;
    if (share >= NEARLY_FULL)
      add(share >= FULL ? 'danger' : 'warning', problem, 'Raise maxclients, or run fewer processes');
  }
  return findings;
}

/** Whether the jobs of an app that has many of them could be smaller. @param ownBytes that its keys take */
export function checkStorage({ listpackValue }: ServerLoad, ownBytes = 0): Finding[] {
  if (listpackValue === undefined || listpackValue >= ROOMY || ownBytes < MUCH) return [];
  return [
    {
      severity: 'warning',
      problem: `The keys of this app take ${Math.round(ownBytes / 2 ** 20)} MB, and Redis stores every job with a field of more than ${listpackValue} bytes the long way`,
      cure: `Start Redis with --${LISTPACK_VALUE} ${ROOMY}: jobs that are added from then on take about a quarter less (docs/production.md#what-redis-keeps)`,
    },
  ];
}

async function settingOf(redis: RedisClient, name: string): Promise<string | undefined> {
  const reply = await asked(redis, 'CONFIG', 'GET', name);
  return Array.isArray(reply) ? (reply as string[])[1] : undefined;
}

async function clientsByApp(redis: RedisClient): Promise<Record<string, number> | undefined> {
  const list = await asked(redis, 'CLIENT', 'LIST');
  if (typeof list !== 'string') return undefined;
  const counts: Record<string, number> = {};
  for (const [, name = ''] of list.matchAll(/ name=(\S*)/g)) {
    const app = /^scalr:\{([^}]+)\}/.exec(name)?.[1] ?? '';
    counts[app] = (counts[app] ?? 0) + 1;
  }
  return counts;
}

/** What the user of a connection may not ask is not asked again: a console looks every second, and Redis keeps a log of refusals. */
const refused = new WeakMap<RedisClient, Set<string>>();

async function asked(redis: RedisClient, command: string, ...args: string[]): Promise<unknown> {
  const known = refused.get(redis) ?? new Set();
  refused.set(redis, known);
  if (known.has(command)) return undefined;
  return redis.call(command, ...args).catch((error: unknown) => {
    if (denialOf(error) !== undefined) known.add(command);
  });
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

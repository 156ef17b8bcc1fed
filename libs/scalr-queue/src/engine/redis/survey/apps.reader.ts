import type { RedisClient } from '../connection/redis.client.js';
import { orDamaged } from '../damaged-entries.js';
import { handlersKey } from '../keys.js';
import { withLastHandlers } from '../last-handlers.js';
import { readServerLoad, type ServerLoad } from './server.checks.js';
import { readAppQueues } from './app-queues.js';
import { toQueueInfos, unhandledOf } from '../../queue-state.js';
import type { QueueInfo, UnhandledJob } from '../../../contract/queue-info.js';
import type { WorkerInfo } from '../../../contract/worker-info.js';
import type { QueueState } from '../../queue-state.js';
import { measureApp, walkKeys } from './key.walk.js';

/** One of the apps that share a Redis. */
export interface AppOverview {
  readonly app: string;
  readonly queues: readonly QueueInfo[];
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
  readonly dead: number;
  readonly oldestPendingAgeMs: number;
  readonly workers: number;
  readonly keys: number;
  /** Estimate, of all its keys. */
  readonly bytes?: number;
  /** Of the memory that Redis uses, 0 to 1. */
  readonly memoryShare?: number;
  readonly connections?: number;
}

/** All apps of a Redis. */
export interface AppsReport {
  readonly apps: readonly AppOverview[];
  readonly server: ServerLoad;
  readonly notes: readonly string[];
}

/** What is known of one app beside its numbers. */
export interface AppDetail {
  readonly queues: readonly QueueState[];
  readonly workers: readonly WorkerInfo[];
  readonly unhandled: readonly UnhandledJob[];
}

/** Reads all apps that share a Redis, one after the other: each costs three round trips whatever its backlog. */
export async function readApps(
  redis: RedisClient,
  budget: number,
  onApp: (app: string, detail: AppDetail) => void = () => undefined,
): Promise<AppsReport> {
  const survey = await surveyApps(redis, budget);
  return readSurveyed(redis, survey, onApp);
}

/** Which apps there are and what their keys take: known by a walk over the names of all keys. */
export interface AppsSurvey {
  readonly apps: readonly { readonly app: string; readonly keys: number; readonly bytes?: number }[];
  readonly complete: boolean;
}

export async function surveyApps(redis: RedisClient, budget: number): Promise<AppsSurvey> {
  const { apps: found, complete } = await walkKeys(redis, Date.now() + budget);
  const apps = [];
  for (const keys of found.toSorted((one, other) => (one.app < other.app ? -1 : 1)))
    apps.push({ app: keys.app, keys: keys.keys, bytes: await measureApp(redis, keys) });
  return { apps, complete };
}

/** The state of the apps that a survey found. */
export async function readSurveyed(
  redis: RedisClient,
  survey: AppsSurvey,
  onApp: (app: string, detail: AppDetail) => void = () => undefined,
): Promise<AppsReport> {
  const server = await readServerLoad(redis);
  const apps: AppOverview[] = [];
  const notes: string[] = survey.complete
    ? []
    : ['the time for counting keys was over: apps may be missing, and memory is too low'];
  if (server.usedMemory === undefined)
    notes.push('memory and connections are unknown: INFO is not allowed (grant +info)');
  if (survey.apps.length > 0 && survey.apps.every(({ bytes }) => bytes === undefined))
    notes.push('the memory of apps is unknown: MEMORY USAGE is not allowed (grant +memory|usage)');
  for (const { app, keys, bytes: measured } of survey.apps) {
    const detail = await readApp(redis, app, notes);
    onApp(app, detail);
    // An estimate from a sample can come to more than there is.
    const bytes = measured === undefined ? undefined : Math.min(measured, server.usedMemory ?? Infinity);
    const share = bytes !== undefined && server.usedMemory ? bytes / server.usedMemory : undefined;
    apps.push({
      app,
      ...totalsOf(detail.queues),
      queues: toQueueInfos(detail.queues, detail.workers),
      workers: detail.workers.length,
      keys,
      ...(bytes === undefined ? {} : { bytes }),
      ...(share === undefined ? {} : { memoryShare: share }),
      ...(server.clientsByApp ? { connections: server.clientsByApp[app] ?? 0 } : {}),
    });
  }
  return { apps, server, notes };
}

async function readApp(redis: RedisClient, app: string, notes: string[]): Promise<AppDetail> {
  const note = (key: string, why: string) => void notes.push(`${key}: ${why}`);
  const prefix = `scalr:{${app}}`;
  const { queues, workers } = await readAppQueues(redis, prefix, note);
  const unhandled = unhandledOf(queues, workers);
  const told = withLastHandlers(redis, prefix, unhandled);
  return { queues, workers, unhandled: await orDamaged(told, unhandled, handlersKey(prefix), note) };
}

/** The sums over all queues of an app. */
export function totalsOf(queues: readonly QueueState[]) {
  const sum = (of: 'waiting' | 'running' | 'delayed' | 'dead') =>
    queues.reduce((total, queue) => total + queue[of], 0);
  return {
    waiting: sum('waiting'),
    running: sum('running'),
    delayed: sum('delayed'),
    dead: sum('dead'),
    oldestPendingAgeMs: Math.max(0, ...queues.map(({ oldestPendingAgeMs }) => oldestPendingAgeMs)),
  };
}

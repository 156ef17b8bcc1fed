import { hostname } from 'node:os';
import { PING_JOB, type Pong } from '../../../contract/ping.js';
import { fromStoredId } from '../../job-id.js';
import type { StoredJob } from '../../stored-job.js';
import { pongKey } from '../keys.js';
import type { WorkerParts } from './worker.parts.js';

/** Nobody waits for an answer that long. */
const PONG_TTL = 60_000;

/** Whether it is the smoke test of `scalr-queue ping`, which is no job of the app: nobody but the worker hears of it. */
export const isPing = ({ name }: Pick<StoredJob, 'name'>): boolean => name === PING_JOB;

/** Answers a ping. */
export async function answerPing({ connections, app }: WorkerParts, job: StoredJob): Promise<null> {
  const pong: Pong = { host: hostname(), pid: process.pid };
  const key = pongKey(app.prefix, fromStoredId(job.id ?? ''));
  await connections.producer.set(key, JSON.stringify(pong), 'PX', PONG_TTL);
  return null;
}

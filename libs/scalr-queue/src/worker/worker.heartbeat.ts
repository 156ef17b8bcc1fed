import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { withDeadline } from '../engine/deadline.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { WorkerRegistry } from '../engine/redis/worker.registry.js';
import type { WorkerInfo } from '../contract/worker-info.js';
import { WORKER_HEARTBEAT } from '../contract/defaults.js';
import { JobTally } from './job.tally.js';
import { LIBRARY_VERSION } from './library-version.js';
import { appProgram, appVersion } from './process-identity.js';

/** What changes while a worker lives. */
export type WorkerActivity = Pick<
  WorkerInfo,
  | 'queues'
  | 'jobs'
  | 'catchAllQueues'
  | 'handled'
  | 'unselectedQueues'
  | 'running'
  | 'runningJobs'
  | 'draining'
  | 'schedulesBoot'
>;

/** A goodbye must not hold up the shutdown: without it the sign of life expires. */
const GOODBYE = 200;

/** Tells the other processes of the app that this worker lives, and what it can run. An outage is waited out. */
@Injectable()
export class WorkerHeartbeat implements BeforeApplicationShutdown {
  private activity?: () => WorkerActivity;
  private timer?: NodeJS.Timeout;
  readonly identity = {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    version: appVersion(),
    libraryVersion: LIBRARY_VERSION,
    ...appProgram(),
    startedAt: new Date(),
  };
  /** Of this process among the live workers. */
  get id(): string {
    return this.identity.id;
  }

  private readonly onReady = () => this.beat();

  constructor(
    private readonly registry: WorkerRegistry,
    private readonly connections: RedisConnections,
    private readonly tally: JobTally,
  ) {}

  /** @param activity what the worker does, asked at each beat */
  start(activity: () => WorkerActivity): void {
    this.activity = activity;
    this.timer = setInterval(() => this.beat(), WORKER_HEARTBEAT);
    this.timer.unref();
    // After an outage at once: the last sign may have expired.
    this.connections.producer.on('ready', this.onReady);
    this.beat();
  }

  /** Now, in the background. */
  beat(): void {
    if (!this.activity || this.connections.producer.status !== 'ready') return;
    this.registry.beat(this.asOfNow(this.activity())).catch(() => undefined);
  }

  private asOfNow(activity: WorkerActivity): WorkerInfo {
    return { ...this.identity, ...activity, counts: this.tally.byQueue(), seenAt: new Date() };
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.activity) return;
    const last = this.asOfNow(this.activity());
    this.activity = undefined;
    clearInterval(this.timer);
    this.connections.producer.off('ready', this.onReady);
    const goodbye = Promise.all([this.registry.noteHandlers(last), this.registry.remove(this.identity.id)]);
    await withDeadline(goodbye, GOODBYE, () => new Error('late')).catch(() => undefined);
  }
}

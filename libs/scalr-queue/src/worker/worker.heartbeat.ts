import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { withDeadline } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';
import type { WorkerInfo } from '../contract/worker-info.js';
import { WORKER_HEARTBEAT } from '../contract/defaults.js';
import { HistoryWriter } from '../history/history.writer.js';
import { JobCounters } from './job.counters.js';
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

/** How long, in milliseconds, a goodbye may hold up the shutdown: without it the heartbeat expires. */
const GOODBYE_TIMEOUT = 200;

/** Announces to the other processes of the app that this worker lives, and what it can run. An outage is waited out. */
@Injectable()
export class WorkerHeartbeat implements BeforeApplicationShutdown {
  private activity?: () => WorkerActivity;
  private timer?: NodeJS.Timeout;
  private stopListening: () => void = () => undefined;
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

  constructor(
    private readonly engine: QueueEngine,
    private readonly counters: JobCounters,
    private readonly history: HistoryWriter,
  ) {}

  /** The first beat. @param activity what the worker does, asked at each beat */
  announce(activity: () => WorkerActivity): void {
    this.activity = activity;
    this.beat();
  }

  /** One beat after the other, once there was a first one. */
  start(): void {
    this.timer = setInterval(() => this.beat(), WORKER_HEARTBEAT);
    this.timer.unref();
    // After an outage at once: the last heartbeat may have expired.
    this.stopListening = this.engine.onReady(() => this.beat());
  }

  /** Now, in the background. */
  beat(): void {
    if (!this.activity || !this.isUsable()) return;
    const worker = this.asOfNow(this.activity());
    this.engine.workers.beat(worker).catch(() => undefined);
    void this.history.beat(worker);
  }

  private isUsable(): boolean {
    try {
      const connecting = this.engine.usable('read');
      connecting?.catch(() => undefined);
      return connecting === undefined;
    } catch {
      return false;
    }
  }

  private asOfNow(activity: WorkerActivity): WorkerInfo {
    return { ...this.identity, ...activity, counts: this.counters.byQueue(), seenAt: new Date() };
  }

  async beforeApplicationShutdown(): Promise<void> {
    if (!this.activity) return;
    const last = this.asOfNow(this.activity());
    this.activity = undefined;
    clearInterval(this.timer);
    this.stopListening();
    const { workers } = this.engine;
    const goodbye = Promise.all([
      workers.noteHandlers(last),
      workers.remove(this.identity.id),
      this.history.end(last),
    ]);
    await withDeadline(goodbye, GOODBYE_TIMEOUT, () => new Error('late')).catch(() => undefined);
  }
}

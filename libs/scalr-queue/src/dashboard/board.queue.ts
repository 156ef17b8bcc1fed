import type { JobCleanStatus, JobStatus, QueueWorker } from '@bull-board/api/typings/app';
import type { WorkerInfo } from '../contract/worker-info.js';
import { DASHBOARD_PAGE_BYTES } from '../contract/defaults.js';
import type { ScheduleInfo } from '../scheduling/schedules.service.js';
import { BoardError } from './board.error.js';
import { BoardJob } from './board.job.js';
import type { BoardPackages } from './board.packages.js';
import type { DashboardSettings } from './dashboard.settings.js';
import type { JobActions } from './job.actions.js';
import { reachOf, toShownJob, toShownLines } from './shown-job.js';
import type { BoardSource } from '../engine/redis/board.source.js';

/** What the queues of the boards are made with. */
export interface BoardTools {
  readonly actions: JobActions;
  readonly settings: DashboardSettings;
  /** As they were at most a second ago. */
  workers(): Promise<readonly WorkerInfo[]>;
  schedules(): Promise<readonly ScheduleInfo[]>;
  hold(queue: string): Promise<void>;
  release(queue: string): Promise<void>;
  /** Lines of the log of a job. */
  logsOf(queue: string, storedId: string): Promise<string[]>;
}

/** A queue of a board. */
export interface BoardQueue extends InstanceType<BoardPackages['BullMQAdapter']> {
  /** Retries all dead jobs of the queue. */
  retryAll(): ReturnType<JobActions['retryAll']>;
}

type EngineJob = NonNullable<Awaited<ReturnType<InstanceType<BoardPackages['BullMQAdapter']>['getJob']>>>;

/** What has completed is not run again from here. */
const NO_SECOND_RUN = { allowCompletedRetries: false };

/**
 * A queue of bull-board that reads no more of a job than is shown, and acts as our services do. What it inherits only counts and asks;
 * what would write otherwise is not reachable, see BOARD_ROUTES.
 */
export function defineBoardQueue(
  { BullMQAdapter }: Pick<BoardPackages, 'BullMQAdapter'>,
  tools: BoardTools,
): new (source: BoardSource, readOnly: boolean) => BoardQueue {
  const { actions, settings } = tools;

  return class extends BullMQAdapter implements BoardQueue {
    constructor(
      private readonly source: BoardSource,
      readOnly: boolean,
    ) {
      super(source.engineQueue as never, { readOnlyMode: readOnly, ...NO_SECOND_RUN });
    }

    override async getJob(id: string): Promise<EngineJob | undefined> {
      const [job] = await this.jobsOf([id]);
      return job;
    }

    override async getJobs(statuses: JobStatus[], start = 0, end = 0): Promise<EngineJob[]> {
      const ids = await this.source.idsOf(statuses, start, end);
      return this.jobsOf(ids, true);
    }

    override async getJobLogs(id: string): Promise<string[]> {
      return toShownLines(await tools.logsOf(this.source.name, id), settings.maxBytes);
    }

    override clean(status: JobCleanStatus): Promise<void> {
      if (status !== 'failed') throw new BoardError(405, 'FORBIDDEN');
      return actions.deleteAll(this.source.name);
    }

    retryAll(): ReturnType<JobActions['retryAll']> {
      return actions.retryAll(this.source.name);
    }

    override pause(): Promise<void> {
      return tools.hold(this.source.name);
    }

    override resume(): Promise<void> {
      return tools.release(this.source.name);
    }

    /** Without addresses; the engine would ask Redis for all its clients. */
    override async getWorkers(): Promise<QueueWorker[]> {
      const workers = await tools.workers();
      return workers
        .filter(({ queues }) => queues.includes(this.source.name))
        .map(({ id, host, pid, startedAt }) => ({
          id,
          name: `${host}, process ${pid}`,
          addr: '',
          age: Math.round((Date.now() - startedAt.getTime()) / 1_000),
        }));
    }

    override async getJobSchedulers() {
      const schedules = await tools.schedules();
      return schedules
        .filter(({ queue }) => queue === this.source.name)
        .map(({ name, cron, every, tz, nextRunAt, lastRunAt, paused }) => ({
          id: name,
          name,
          pattern: cron,
          every,
          tz,
          ...(paused ? {} : { next: nextRunAt.getTime() }),
          ...(lastRunAt ? { lastRun: lastRunAt.getTime() } : {}),
        }));
    }

    override async getJobSchedulersCount(): Promise<number> {
      return (await this.getJobSchedulers()).length;
    }

    override get supportsJobSchedulerUpdate(): boolean {
      return false;
    }

    override get supportsJobSchedulerRun(): boolean {
      return false;
    }

    override async getRedisInfo(): Promise<null> {
      return null;
    }

    /** The board wants no more of a job of the engine than a BoardJob has. */
    private async jobsOf(ids: readonly string[], listed = false): Promise<EngineJob[]> {
      const share = Math.floor(DASHBOARD_PAGE_BYTES / Math.max(1, ids.length));
      const rules = { ...settings, maxBytes: Math.min(settings.maxBytes, share) };
      const jobs: EngineJob[] = [];
      for await (const stored of this.source.read(ids, reachOf(rules), listed)) {
        for (const job of stored) {
          const shown = await toShownJob(job, this.source.name, rules);
          jobs.push(new BoardJob(this.source.name, job, shown, actions) as unknown as EngineJob);
        }
      }
      return jobs;
    }
  };
}

import { Inject, Injectable } from '@nestjs/common';
import { BoardSources } from '../engine/redis/board.source.js';
import { RecentRead } from '../engine/recent-read.js';
import { QueueEngine } from '../engine/queue.engine.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { AppState } from '../inspection/app.state.js';
import { QueuesService } from '../inspection/queues.service.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { type ScheduleInfo, SchedulesService } from '../scheduling/schedules.service.js';
import { loadBoard } from './board.packages.js';
import { type BoardQueue, type BoardTools, defineBoardQueue } from './board.queue.js';
import { defineBoardServer } from './board.server.js';
import type { DashboardSettings } from './dashboard.settings.js';
import { JobActions } from './job.actions.js';

/** Makes the boards: one that only shows, and one that can change things. */
@Injectable()
export class DashboardBoards {
  private readonly schedules: RecentRead<ScheduleInfo[]>;

  constructor(
    private readonly sources: BoardSources,
    private readonly state: AppState,
    private readonly queues: QueuesService,
    private readonly actions: JobActions,
    private readonly engine: QueueEngine,
    schedules: SchedulesService,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    this.schedules = new RecentRead(engine, () => schedules.list());
  }

  /** @throws QueueConfigError when bull-board is not there */
  async create(settings: DashboardSettings) {
    const board = await loadBoard();
    const Queue = defineBoardQueue(board, this.tools(settings));
    const make = (readOnly: boolean) => {
      const known = new Map<string, BoardQueue>();
      // The queues of the app as they are now: also one that another process made a moment ago.
      const refresh = async () => {
        const names = await this.names();
        for (const name of names)
          if (!known.has(name)) known.set(name, new Queue(this.sources.of(name), readOnly));
        replaceQueues(names.map((name) => known.get(name)!));
      };
      const Server = defineBoardServer(board, refresh, settings.publicUrl);
      const serverAdapter = new Server();
      const { replaceQueues } = board.createBullBoard({
        queues: [],
        serverAdapter: serverAdapter.setBasePath(settings.path),
        options: {
          uiBasePath: board.uiBasePath,
          uiConfig: {
            boardTitle: settings.title ?? this.options.app,
            hideRedisDetails: true,
            hideDocsLink: true,
          },
        },
      });
      return serverAdapter.getRouter() as (request: unknown, response: unknown, next: unknown) => void;
    };
    return { read: make(true), write: make(false) };
  }

  private async names(): Promise<string[]> {
    // Right after the start the first connection may still be on its way.
    await this.engine.usable('read');
    return orThrow(await this.state.recent(), this.state.failure).queues.map(({ name }) => name);
  }

  private tools(settings: DashboardSettings): BoardTools {
    return {
      settings,
      actions: this.actions,
      workers: async () => orThrow(await this.state.recent(), this.state.failure).workers,
      schedules: async () => orThrow(await this.schedules.get(), this.schedules.failure),
      hold: (queue) => this.queues.pause(queue),
      release: (queue) => this.queues.resume(queue),
      logsOf: (queue, id) => this.engine.jobs.logsOf(queue, id),
    };
  }
}

/** Nothing known is not the same as nothing there. */
function orThrow<T>(read: T | undefined, failure?: Error): T {
  if (read === undefined) throw failure ?? new QueueUnavailableError('Redis did not answer');
  return read;
}

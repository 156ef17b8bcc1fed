import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { RedisConnectionOptions } from '../../config/redis-options.js';
import { LOOKS_ONLY } from '../../config/tokens.js';
import { AuditService } from '../../audit/audit.service.js';
import { DeadLetterService } from '../../dead-letter/dead-letter.service.js';
import { HistoryService } from '../../history/history.service.js';
import { ServerSurvey } from '../../engine/redis/survey/server.survey.js';
import { JobsService } from '../../inspection/jobs.service.js';
import { QueuesService } from '../../inspection/queues.service.js';
import { ScalrQueueModule } from '../../scalr-queue.module.js';
import { type StoredSchedule, ScheduleStore } from '../../scheduling/schedule.store.js';
import { SchedulesService } from '../../scheduling/schedules.service.js';
import { SharedRedis } from '../../shared/shared.redis.js';
import type { AppServices } from '../console.source.js';

/** The services of an app, and what only the overview asks. */
export interface AppSession extends AppServices {
  readonly storedSchedules: () => Promise<readonly StoredSchedule[]>;
}

interface Opened {
  readonly context: INestApplicationContext;
  readonly session: AppSession;
}

/** An app that nobody asked for in so long a time needs no connection. */
const IDLE_MS = 10 * 60_000;

/** The services of each app that is looked at, as the command line has them: one connection an app. */
export class AppSessions {
  private readonly open = new Map<string, { readonly opened: Promise<Opened>; usedAt: number }>();

  /** @param looksOnly nothing is written over the connections */
  constructor(
    private readonly redis: string | RedisConnectionOptions | undefined,
    private readonly looksOnly: boolean,
  ) {}

  async of(app: string): Promise<AppSession> {
    await this.closeIdle();
    let entry = this.open.get(app);
    if (!entry) {
      entry = { opened: this.start(app), usedAt: 0 };
      this.open.set(app, entry);
      // One that failed is tried again.
      entry.opened.catch(() => this.open.delete(app));
    }
    entry.usedAt = performance.now();
    return (await entry.opened).session;
  }

  async close(): Promise<void> {
    const all = [...this.open.values()];
    this.open.clear();
    await Promise.all(all.map(closeOne));
  }

  private async start(app: string): Promise<Opened> {
    const options = { app, [LOOKS_ONLY]: this.looksOnly };
    const module = ScalrQueueModule.forRoot({
      ...options,
      ...(this.redis === undefined ? {} : { redis: this.redis }),
    });
    const context = await NestFactory.createApplicationContext(module, { abortOnError: false });
    const session: AppSession = {
      jobs: context.get(JobsService, { strict: false }),
      queues: context.get(QueuesService, { strict: false }),
      deadLetters: context.get(DeadLetterService, { strict: false }),
      audit: context.get(AuditService, { strict: false }),
      history: context.get(HistoryService, { strict: false }),
      schedules: context.get(SchedulesService, { strict: false }),
      shared: context.get(SharedRedis, { strict: false }),
      memory: () => context.get(ServerSurvey, { strict: false }).memory(),
      storedSchedules: async () => (await context.get(ScheduleStore, { strict: false }).read()).schedules,
    };
    return { context, session };
  }

  private async closeIdle(): Promise<void> {
    const now = performance.now();
    for (const [app, entry] of this.open)
      if (now - entry.usedAt > IDLE_MS) {
        this.open.delete(app);
        await closeOne(entry);
      }
  }
}

async function closeOne({ opened }: { readonly opened: Promise<Opened> }): Promise<void> {
  const found = await opened.catch(() => undefined);
  await found?.context.close();
}

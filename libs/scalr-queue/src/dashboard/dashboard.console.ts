import { Inject, Injectable, type OnModuleDestroy, Optional } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { AppSource } from '../console/app/app.source.js';
import { Console } from '../console/console.handler.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { DeadLetterService } from '../dead-letter/dead-letter.service.js';
import { ServerSurvey } from '../engine/redis/survey/server.survey.js';
import { AppState } from '../inspection/app.state.js';
import { HistoryService } from '../history/history.service.js';
import { JobReader } from '../inspection/job.reader.js';
import { JobsService } from '../inspection/jobs.service.js';
import { QueuesService } from '../inspection/queues.service.js';
import { ScheduleStore } from '../scheduling/schedule.store.js';
import { SchedulesService } from '../scheduling/schedules.service.js';
import { SharedRedis } from '../shared/shared.redis.js';
import type { DashboardSettings } from './dashboard.settings.js';

async function noServer(): Promise<never> {
  throw new QueueConfigError('the console shows queues in Redis, which the test queue is without');
}
const NO_SERVER = { figures: noServer, memory: noServer };

/** Makes the console of this app: its own services, and the accounts of the dashboard. */
@Injectable()
export class DashboardConsole implements OnModuleDestroy {
  private made?: Console;

  constructor(
    private readonly jobs: JobsService,
    private readonly queues: QueuesService,
    private readonly deadLetters: DeadLetterService,
    private readonly schedules: SchedulesService,
    private readonly audit: AuditService,
    private readonly history: HistoryService,
    private readonly shared: SharedRedis,
    private readonly state: AppState,
    private readonly store: ScheduleStore,
    private readonly reader: JobReader,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Optional() private readonly server?: ServerSurvey,
  ) {}

  create({ credentials, title, maxBytes, publicUrl, redact }: DashboardSettings): Console {
    const { app } = this.options;
    const { jobs, queues, deadLetters, schedules, audit, history, shared, state, store, reader } = this;
    const server = this.server ?? NO_SERVER;
    const memory = () => server.memory();
    const services = { jobs, queues, deadLetters, schedules, audit, history, shared, memory };
    const writes = credentials.some(({ role }) => role === 'write');
    const source = new AppSource({ app, services, state, schedules: store, server, reader }, writes);
    const accounts = credentials.map(({ user, password, role }) => ({
      user,
      password,
      role: role === 'write' ? ('admin' as const) : ('view' as const),
      payload: true,
    }));
    this.made = new Console({ accounts, title: title ?? app, maxBytes, publicUrl, redact }, source);
    return this.made;
  }

  async onModuleDestroy(): Promise<void> {
    await this.made?.close();
  }
}

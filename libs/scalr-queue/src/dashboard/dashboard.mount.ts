import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { DashboardAccounts } from './dashboard.accounts.js';
import { DashboardBoards } from './dashboard.boards.js';
import { DashboardGate } from './dashboard.gate.js';
import type { DashboardSettings } from './dashboard.settings.js';
import { DASHBOARD_SETTINGS } from './dashboard.tokens.js';

/** Puts the dashboard into the web app, in front of its controllers and of the middleware of its modules. */
@Injectable()
export class DashboardMount {
  private readonly logger = new Logger('ScalrQueueDashboard');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly boards: DashboardBoards,
    @Inject(DASHBOARD_SETTINGS) private readonly settings: DashboardSettings,
  ) {}

  /** @throws QueueConfigError on another server than express, or when bull-board is not installed */
  async mount(): Promise<void> {
    const { enabled, path, credentials, publicUrl } = this.settings;
    if (!enabled) return;
    const adapter = this.host.httpAdapter;
    if (adapter.getType() !== 'express') {
      throw new QueueConfigError(
        `the dashboard needs @nestjs/platform-express, the app runs on ${adapter.getType()}: ` +
          'mount it in a small app of its own on express',
      );
    }
    const accounts = new DashboardAccounts(credentials);
    const boards = accounts.isClosed ? undefined : await this.boards.create(this.settings);
    adapter.use(path, new DashboardGate(accounts, boards, publicUrl).handle);
    this.logger.log(
      accounts.isClosed
        ? `Dashboard at ${path} is closed: set SCALR_DASHBOARD_PASSWORD (user: SCALR_DASHBOARD_USER, else admin) to open it`
        : `Dashboard at ${path}, ${credentials.some(({ role }) => role === 'write') ? 'with actions' : 'read-only'}`,
    );
  }
}

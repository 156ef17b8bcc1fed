import { Inject, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { DashboardAccounts } from './dashboard.accounts.js';
import { DashboardBoards } from './dashboard.boards.js';
import { DashboardConsole } from './dashboard.console.js';
import { DashboardGate } from './dashboard.gate.js';
import type { DashboardSettings } from './dashboard.settings.js';
import { DASHBOARD_SETTINGS } from './dashboard.tokens.js';
import { asFolder, mountAt, type MountedHandler } from './web.mount.js';

/** Puts the dashboard into the web app, in front of its controllers and of the middleware of its modules. */
@Injectable()
export class DashboardMount {
  private readonly logger = new Logger('ScalrQueueDashboard');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly boards: DashboardBoards,
    private readonly shown: DashboardConsole,
    @Inject(DASHBOARD_SETTINGS) private readonly settings: DashboardSettings,
  ) {}

  /** @throws QueueConfigError on a server that it can not be mounted in, or when bull-board is wanted and not installed */
  async mount(): Promise<void> {
    const { enabled, path, credentials, ui } = this.settings;
    if (!enabled) return;
    const adapter = this.host.httpAdapter;
    const type = adapter.getType();
    if (ui === 'bull-board' && type !== 'express') {
      throw new QueueConfigError(
        `bull-board needs @nestjs/platform-express, the app runs on ${type}: set the option ui to "console", ` +
          'or mount it in a small app of its own on express',
      );
    }
    mountAt(adapter, path, await this.handler());
    this.logger.log(
      credentials.length === 0
        ? `Dashboard at ${path} is closed: set SCALR_DASHBOARD_PASSWORD (user: SCALR_DASHBOARD_USER, else admin) to open it`
        : `Dashboard at ${path}, ${credentials.some(({ role }) => role === 'write') ? 'with actions' : 'read-only'}`,
    );
  }

  private async handler(): Promise<MountedHandler> {
    const { credentials, ui, publicUrl } = this.settings;
    const accounts = new DashboardAccounts(credentials);
    if (ui === 'bull-board' || accounts.isClosed) {
      const boards = accounts.isClosed ? undefined : await this.boards.create(this.settings);
      return new DashboardGate(accounts, boards, publicUrl).handle;
    }
    const shown = this.shown.create(this.settings);
    return asFolder((request, response) => shown.handle(request, response));
  }
}

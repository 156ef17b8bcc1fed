import { ConfigService } from '@nestjs/config';
import { ScalrQueueDashboardModule } from 'scalr-queue/dashboard';
import type { Environment } from './environment.js';

/** The dashboard at /queues, for those who know SCALR_DASHBOARD_PASSWORD. In production it is there only when that is set. */
export const dashboard = ScalrQueueDashboardModule.forRootAsync({
  inject: [ConfigService],
  useFactory: (config: ConfigService<Environment, true>) => ({
    enabled:
      config.get('NODE_ENV', { infer: true }) !== 'production' ||
      config.get('SCALR_DASHBOARD_PASSWORD', { infer: true }) !== undefined,
  }),
});

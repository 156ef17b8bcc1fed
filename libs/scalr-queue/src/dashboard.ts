export { ScalrQueueDashboardModule } from './dashboard/dashboard.module.js';
export type {
  DashboardCredentials,
  DashboardJob,
  ScalrQueueDashboardAsyncOptions,
  ScalrQueueDashboardOptions,
} from './dashboard/dashboard.options.js';

import type { Route } from '../router.js';
import { ACT_ROUTES } from './act.routes.js';
import { APP_ROUTES } from './app.routes.js';
import { HISTORY_ROUTES } from './history.routes.js';
import { JOB_ROUTES } from './job.routes.js';
import { SURVEY_ROUTES } from './survey.routes.js';

/** All that the console answers beside its page. */
export const ROUTES: readonly Route[] = [
  ...APP_ROUTES,
  ...HISTORY_ROUTES,
  ...JOB_ROUTES,
  ...SURVEY_ROUTES,
  ...ACT_ROUTES,
];

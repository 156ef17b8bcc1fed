import type { DashboardJob, ScalrQueueDashboardOptions } from './dashboard.options.js';

/** What the app's own hook shows of a payload, not masked yet. */
export function applyHook(
  payload: unknown,
  job: DashboardJob,
  redact: NonNullable<ScalrQueueDashboardOptions['redact']>,
): unknown {
  try {
    const shown = redact(payload, job);
    if (!(shown instanceof Promise)) return shown;
    shown.catch(() => undefined);
    return '[redacted: the hook must not return a promise]';
  } catch {
    return '[redacted: the hook failed]';
  }
}

import { mask } from '../observability/secret.mask.js';
import type { DashboardJob, ScalrQueueDashboardOptions } from './dashboard.options.js';

/** What the app's own hook shows of a payload, and then the same as of anything else. */
export function maskPayload(
  payload: unknown,
  job: DashboardJob,
  redact: ScalrQueueDashboardOptions['redact'],
): unknown {
  if (!redact) return mask(payload);
  try {
    const shown = redact(payload, job);
    if (shown instanceof Promise) {
      shown.catch(() => undefined);
      return '[redacted: the hook must not return a promise]';
    }
    return mask(shown);
  } catch {
    return '[redacted: the hook failed]';
  }
}

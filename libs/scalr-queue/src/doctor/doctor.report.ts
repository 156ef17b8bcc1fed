import type { Finding } from '../engine/finding.js';
import type { ServerFacts } from '../engine/redis/preflight/server-facts.js';
import type { WorkerInfo } from '../contract/worker-info.js';
import type { QueueState } from '../engine/queue-state.js';
import type { KeySurvey } from '../engine/redis/survey/key.survey.js';
import type { ServerLoad } from '../engine/redis/survey/server.checks.js';

/** Everything that was looked at. */
export interface DoctorReport {
  readonly app: string;
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** Whether nothing was found that stops or loses jobs. */
  readonly healthy: boolean;
  /** What could not be looked at, or only in part. */
  readonly notes: readonly string[];
  readonly server?: ServerFacts & ServerLoad;
  readonly keys?: KeySurvey;
  readonly queues?: readonly QueueState[];
  readonly workers?: readonly WorkerInfo[];
}

const ORDER: readonly Finding['severity'][] = ['fatal', 'danger', 'warning'];

export function toReport(
  app: string,
  findings: readonly Finding[],
  rest: Omit<DoctorReport, 'app' | 'findings' | 'healthy'>,
): DoctorReport {
  const sorted = findings.toSorted(
    (one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity),
  );
  return {
    app,
    healthy: findings.every(({ severity }) => severity === 'warning'),
    findings: sorted,
    ...rest,
  };
}

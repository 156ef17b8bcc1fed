import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { type BurstSettings, parseBurst } from './burst-options.js';
import { MAX_CONCURRENCY, MAX_SHUTDOWN_TIMEOUT } from '../contract/defaults.js';
import { readCertificates } from './certificate-file.js';
import { OptionChecker } from '../contract/option-checker.js';

export const FAST_PATH_MODES = ['auto', 'off'] as const;
const LOG_FORMATS = ['json', 'text'] as const;

/** What the environment says; explicit options win over it. */
export interface Environment {
  readonly app?: string;
  readonly redisUrl?: string;
  /** Certificates to trust, in PEM. */
  readonly redisCa?: string;
  readonly workerPort?: number;
  /** Address that the worker's health endpoints listen on. */
  readonly workerHost?: string;
  readonly workerConcurrency?: number;
  readonly workerQueues?: readonly string[];
  /** Milliseconds. */
  readonly shutdownTimeout?: number;
  /** Present where a worker shall end when its queues are empty. */
  readonly workerBurst?: BurstSettings;
  /** What a scrape of `/metrics` must bring as its bearer token. */
  readonly metricsToken?: string;
  /** Who may open the dashboard, and whether they may change anything. */
  readonly dashboardUser?: string;
  readonly dashboardPassword?: string;
  readonly dashboardWrites?: boolean;
  /** Whether the library's own scripts may be used. */
  readonly fastPath?: (typeof FAST_PATH_MODES)[number];
  /** Format of the log lines of a worker whose logger is the default one. */
  readonly logFormat?: (typeof LOG_FORMATS)[number];
}

const check = new OptionChecker(QueueConfigError);

/**
 * Reads the `SCALR_*` variables; an empty one counts as not set.
 * @throws QueueConfigError naming the variable
 */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const text = (name: string) => env[name]?.trim() || undefined;
  const integer = (name: string, min: number, max: number) => {
    const value = text(name);
    if (value === undefined) return undefined;
    return check.integer(name, /^\d+$/.test(value) ? Number(value) : value, min, max);
  };
  const milliseconds = (name: string, max: number) => {
    const value = text(name);
    if (value === undefined) return undefined;
    return check.duration(name, /^\d+$/.test(value) ? Number(value) : value, 0, max);
  };
  const host = (name: string) => {
    const value = text(name);
    return value === undefined ? undefined : check.host(name, value);
  };
  const logFormat = text('SCALR_LOG');
  const burst = text('SCALR_WORKER_BURST');
  const fastPath = text('SCALR_FAST_PATH');
  const dashboardWrites = text('SCALR_DASHBOARD_WRITES');
  return {
    app: text('SCALR_APP'),
    redisUrl: text('SCALR_REDIS_URL'),
    redisCa: readCertificates(check, 'SCALR_REDIS_CA', text('SCALR_REDIS_CA')),
    workerPort: integer('SCALR_WORKER_PORT', 0, 65_535),
    workerHost: host('SCALR_WORKER_HOST'),
    workerConcurrency: integer('SCALR_WORKER_CONCURRENCY', 1, MAX_CONCURRENCY),
    workerQueues: text('SCALR_WORKER_QUEUES')
      ?.split(',')
      .map((name) => check.name('SCALR_WORKER_QUEUES', name.trim())),
    shutdownTimeout: milliseconds('SCALR_SHUTDOWN_TIMEOUT', MAX_SHUTDOWN_TIMEOUT),
    workerBurst: burst === undefined ? undefined : parseBurst(check, 'SCALR_WORKER_BURST', burst),
    metricsToken: text('SCALR_METRICS_TOKEN'),
    dashboardUser: text('SCALR_DASHBOARD_USER'),
    dashboardPassword: text('SCALR_DASHBOARD_PASSWORD'),
    dashboardWrites:
      dashboardWrites === undefined
        ? undefined
        : check.oneOf('SCALR_DASHBOARD_WRITES', dashboardWrites, ['true', 'false']) === 'true',
    fastPath: fastPath === undefined ? undefined : check.oneOf('SCALR_FAST_PATH', fastPath, FAST_PATH_MODES),
    logFormat: logFormat === undefined ? undefined : check.oneOf('SCALR_LOG', logFormat, LOG_FORMATS),
  };
}

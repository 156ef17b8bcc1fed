import { ServiceUnavailableException } from '@nestjs/common';
import { METRICS_TYPE } from '../metrics/content-type.js';
import { checkMetricsAccess } from '../metrics/metrics.access.js';
import { processMetrics } from '../metrics/process.metrics.js';
import type { HealthChecks, HealthIndicator } from './health.checks.js';
import type { WorkerState } from './worker.state.js';

/** An endpoint of a worker process. */
export interface HealthRoute {
  /** Of every answer, also of one that refuses. */
  readonly cacheControl: string;
  /** Of what is answered as text. */
  readonly type?: string;
  /**
   * The body of an answer with status 200.
   * @throws HttpException for any other
   */
  answer(authorization: string | undefined): Promise<object | string> | object;
}

const ONCE = 'no-store';
/** As terminus has it for its reports. */
const REPORTED_ONCE = 'no-cache, no-store, must-revalidate';

/** What a worker process answers, by path. */
export class WorkerHealthRoutes {
  private readonly routes: Readonly<Record<string, HealthRoute>> = {
    /** The process is up; says nothing of Redis, for a restart would not mend it. */
    '/health/live': { cacheControl: ONCE, answer: () => ({ status: 'ok' }) },
    '/health/startup': { cacheControl: ONCE, answer: () => this.startup() },
    /** Takes jobs at this moment. */
    '/health/ready': {
      cacheControl: REPORTED_ONCE,
      answer: () => this.checks.report(this.redis, this.worker),
    },
    /** The whole report. */
    '/health': {
      cacheControl: REPORTED_ONCE,
      answer: () => this.checks.report(this.redis, this.queues, this.worker),
    },
    '/metrics': {
      cacheControl: ONCE,
      type: METRICS_TYPE,
      answer: (authorization) => this.metrics(authorization),
    },
  };

  constructor(
    private readonly checks: HealthChecks,
    private readonly state: WorkerState,
  ) {}

  /** @param path without query */
  at(path: string): HealthRoute | undefined {
    const plain = path.toLowerCase().replace(/\/$/, '');
    return Object.hasOwn(this.routes, plain) ? this.routes[plain] : undefined;
  }

  /** Booted, whatever became of it since. */
  private startup(): object {
    if (this.state.phase === 'starting') throw new ServiceUnavailableException({ status: 'starting' });
    return { status: 'ok' };
  }

  /** Those of the process alone until the worker has booted. */
  private async metrics(authorization: string | undefined): Promise<string> {
    checkMetricsAccess(authorization);
    return this.state.worker?.report.metrics.text() ?? processMetrics();
  }

  private readonly redis: HealthIndicator = async (indicators) => {
    const indicator = indicators.check('redis');
    return (await this.state.worker?.report.redisAnswers()) ? indicator.up() : indicator.down();
  };

  private readonly queues: HealthIndicator = async (indicators) => {
    const indicator = indicators.check('queues');
    const { worker } = this.state;
    const report = await worker?.report.queues(worker.queues());
    return report ? indicator.up({ ...report }) : indicator.down();
  };

  private readonly worker: HealthIndicator = (indicators) => {
    const { phase, worker } = this.state;
    const indicator = indicators.check('worker');
    const data = { phase, draining: phase === 'draining', running: worker?.running() ?? 0 };
    return phase === 'running' && worker?.accepting() && worker.report.fit
      ? indicator.up(data)
      : indicator.down(data);
  };
}

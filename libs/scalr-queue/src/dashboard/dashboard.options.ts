import type { ModuleMetadata, Provider } from '@nestjs/common';

/** Someone who may open the dashboard. */
export interface DashboardCredentials {
  /** 1 to 64 characters without a colon. */
  readonly user: string;
  /** Up to 256 characters. In production at least 12. */
  readonly password: string;
  /** `write` may retry, remove and pause, where `readOnly` is false; `read` only looks. Defaults to `write`. */
  readonly role?: 'read' | 'write';
}

/** The job whose payload is about to be shown. */
export interface DashboardJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
}

/** Options of the dashboard. */
export interface ScalrQueueDashboardOptions {
  /**
   * Whose pages it has: those of the console (`scalr-queue/console`), for this app, on express or fastify and with nothing to install; or those of
   * bull-board, on express. Defaults to `bull-board`.
   */
  readonly ui?: 'console' | 'bull-board';
  /** Where it is mounted in the web app; a global prefix does not apply. Defaults to `/queues`. */
  readonly path?: string;
  /**
   * Where browsers open it behind a proxy that takes a part of the path away, or changes `Host`, and does not send `X-Forwarded-Prefix` and
   * `X-Forwarded-Host`: `https://ops.example.com/billing/queues`. Defaults to that of the request.
   */
  readonly publicUrl?: string;
  /**
   * Who may open it. Defaults to `SCALR_DASHBOARD_USER` (else `admin`) with `SCALR_DASHBOARD_PASSWORD`. Without any it is closed, and
   * in production the app does not start.
   */
  readonly credentials?: DashboardCredentials | readonly DashboardCredentials[];
  /** Whether the dashboard is for reading only. Defaults to true, unless `SCALR_DASHBOARD_WRITES` is `true`. */
  readonly readOnly?: boolean;
  /**
   * Makes of a payload what is shown of it; must not wait. Defaults to masking fields with names like `password` and `token`, and
   * the credentials of URLs, which is done to whatever this returns as well. When it throws, nothing is shown.
   */
  readonly redact?: (payload: unknown, job: DashboardJob) => unknown;
  /** Bytes that are shown of one job: its payload, result, progress, error and stacks together. 1,024 to 1,048,576; defaults to 16,384. */
  readonly maxBytes?: number;
  /** Title of the page. Defaults to the name of the app. */
  readonly title?: string;
  /** With false nothing is mounted and nothing is checked. Defaults to true. */
  readonly enabled?: boolean;
}

/** Options of `ScalrQueueDashboardModule.forRootAsync`. */
export interface ScalrQueueDashboardAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Makes the options, from what `inject` names. */
  readonly useFactory: (
    ...dependencies: never[]
  ) => ScalrQueueDashboardOptions | Promise<ScalrQueueDashboardOptions>;
  /** What the factory is given. */
  readonly inject?: NonNullable<Extract<Provider, { inject?: unknown }>['inject']>;
}

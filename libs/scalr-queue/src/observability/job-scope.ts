import { AsyncLocalStorage } from 'node:async_hooks';
import { cleanName } from './clean-text.js';
import { fromStoredId } from '../engine/job-id.js';
import { readMeta } from '../engine/job-meta.js';
import type { StoredJob } from '../engine/stored-job.js';

/** The job that the current code runs for, as fields of a log line. */
export interface JobLogFields {
  readonly jobId: string;
  readonly jobName: string;
  readonly queue: string;
  readonly attempt: number;
  /** Of the OpenTelemetry trace, where the option `tracing` is on; the name is the one that log tools look for. */
  readonly trace_id?: string;
  /** The keys of the carried context that the option `logFields` names. */
  readonly [contextKey: string]: string | number | boolean | undefined;
}

const scope = new AsyncLocalStorage<JobLogFields>();
let isAsked = false;
let isWanted = false;

/** From now on handlers know their job. Before node 24 that slows down every promise of the process: not without need. */
export function wantJobScope(): void {
  isWanted = true;
}

/** Runs a handler so that everything it does, however deep and late, knows its job. */
export function inJob<T>(
  job: StoredJob,
  work: () => T,
  traceIdOf?: (job: StoredJob) => string | undefined,
  logFields?: readonly string[],
): T {
  return isWanted ? scope.run(fieldsOf(job, traceIdOf?.(job), logFields), work) : work();
}

function fieldsOf(
  job: StoredJob,
  traceId: string | undefined,
  logFields: readonly string[] | undefined,
): JobLogFields {
  return {
    ...(logFields && carriedFields(job, logFields)),
    jobId: fromStoredId(job.id ?? ''),
    jobName: job.name,
    queue: job.queueName,
    attempt: job.attemptsMade + 1,
    ...(traceId === undefined ? {} : { trace_id: traceId }),
  };
}

/** What of its carried context stands in log lines about a job: what the app named, as far as it fits into a line. */
export function carriedFields(
  job: { readonly opts: object },
  names: readonly string[],
): Readonly<Record<string, string | number | boolean>> | undefined {
  const carried = names.length > 0 ? readMeta(job.opts).ctx : undefined;
  if (!carried) return undefined;
  const fields: Record<string, string | number | boolean> = {};
  for (const name of names) {
    const value = (Object.hasOwn(carried, name) ? carried[name as never] : undefined) as unknown;
    if (typeof value === 'string') fields[name] = cleanName(value);
    else if (typeof value === 'number' || typeof value === 'boolean') fields[name] = value;
  }
  return fields;
}

/** The job that the current code runs for. */
export const currentJob = (): JobLogFields | undefined => scope.getStore();

/**
 * The fields of the job that the current code runs for; none outside of a handler. For a logger that adds fields to each line
 * by itself, such as the `mixin` of pino. Where it is used the library leaves the lines as they are. A worker that runs with
 * `logger: false` keeps these fields from the first call on: call it once before the worker runs.
 *
 * @example
 * LoggerModule.forRoot({ pinoHttp: { mixin: jobLogFields } })
 */
export function jobLogFields(): Partial<JobLogFields> {
  isAsked = true;
  isWanted = true;
  return scope.getStore() ?? {};
}

/** Whether the logger of the process adds the fields by itself. */
export const addsFieldsItself = (): boolean => isAsked;

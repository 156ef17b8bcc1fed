import { nameOfStoredId, timeOfStoredId } from '../job-id.js';
import { DATA_MISSING, faultOf, faultOfOptions, type StoredFault, unreadable } from '../stored-fault.js';
import type { ReadJob } from '../found-job.js';
import type { StoredJob } from '../stored-job.js';

/** What is known of a job, and what keeps it from being read in full. */
export interface JobRecord {
  readonly job: ReadJob;
  readonly fault?: StoredFault;
}

/** Fields of the engine's record. */
export const RECORD_FIELDS = [
  'name',
  'data',
  'opts',
  'timestamp',
  'delay',
  'priority',
  'atm',
  'attemptsMade',
  'ats',
  'stc',
  'processedOn',
  'finishedOn',
  'progress',
  'returnvalue',
  'failedReason',
  'defa',
  'stacktrace',
  'deid',
  'parent',
  'scalr:items',
  'scalr:waits',
] as const;

/** What READ_RECORD answers. */
export type RecordReply = [kind: string, ...values: (string | number | null)[]];

/** Makes of a record what can be made of it. Never throws. */
export function toRecord(queueName: string, storedId: string, [kind, ...values]: RecordReply): JobRecord {
  const fields: Record<string, string> = {};
  let tooLarge: StoredFault | undefined;
  for (const [at, field] of RECORD_FIELDS.entries()) {
    const value = values[at];
    if (typeof value === 'string') fields[field] = value;
    if (typeof value === 'number') tooLarge = unreadable(`${field} is too large to be shown: ${value} bytes`);
  }
  const isReadable = kind === 'hash';
  const wrongType =
    isReadable || kind === 'none' ? undefined : unreadable(`its record is a ${kind}, not a hash`);
  const job = jobOf(queueName, storedId, fields);
  const data = parse(fields['data']);
  const noPayload = fields['data'] && data === undefined ? unreadable('data is not JSON') : undefined;
  const fault =
    wrongType ?? tooLarge ?? faultOf(fields) ?? noPayload ?? (isReadable ? undefined : DATA_MISSING);
  return { job: { ...job, data }, ...(fault ? { fault } : {}) };
}

function jobOf(queueName: string, storedId: string, fields: Readonly<Record<string, string>>): ReadJob {
  const number = (field: string) => inRange(Number(fields[field] || Number.NaN));
  const stacktrace = parse(fields['stacktrace']);
  const processedOn = number('processedOn');
  const finishedOn = number('finishedOn');
  return {
    id: storedId,
    queueName,
    // Its id is all that is left of some.
    name: fields['name'] || (nameOfStoredId(storedId) ?? 'unknown'),
    timestamp: number('timestamp') ?? timeOfStoredId(storedId) ?? 0,
    data: undefined,
    opts: optionsOf(fields['opts']),
    delay: number('delay') ?? 0,
    priority: number('priority') ?? 0,
    attemptsMade: number('atm') ?? number('attemptsMade') ?? 0,
    attemptsStarted: number('ats') ?? 0,
    ...(processedOn ? { processedOn } : {}),
    ...(finishedOn ? { finishedOn } : {}),
    progress: parse(fields['progress']) ?? 0,
    returnvalue: parse(fields['returnvalue']),
    ...(fields['scalr:items'] ? { items: parse(fields['scalr:items']) } : {}),
    ...waitOf(fields['scalr:waits']),
    stacktrace: Array.isArray(stacktrace) ? stacktrace.filter((stack) => typeof stack === 'string') : [],
    ...(fields['failedReason'] ? { failedReason: fields['failedReason'] } : {}),
    ...(fields['defa'] ? { deferredFailure: fields['defa'] } : {}),
    ...(fields['deid'] ? { deduplicationId: fields['deid'] } : {}),
  };
}

/** The end of another run's claim, and the field of the effect. */
function waitOf(text = ''): Pick<ReadJob, 'waitsFor'> {
  const [, until, key] = /^(\d+) scalr:once:(.+)$/s.exec(text) ?? [];
  return key === undefined ? {} : { waitsFor: { key, until: Number(until) } };
}

function optionsOf(text: string | undefined): StoredJob['opts'] {
  if (!text || faultOfOptions(text)) return {};
  const { tm: metadata, ...options } = JSON.parse(text) as Record<string, unknown>;
  return { ...options, ...(typeof metadata === 'string' ? { telemetry: { metadata } } : {}) };
}

/** Beyond it dates are invalid. */
function inRange(value: number): number | undefined {
  return Math.abs(value) <= 8.64e15 ? value : undefined;
}

function parse(text: string | undefined): unknown {
  if (!text) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import type { QueueJobJson } from '@bull-board/api/typings/app';
import { parseFailure } from '../jobs/failure.js';
import { readMeta } from '../jobs/job-meta.js';
import { fromStoredId } from '../jobs/job-id.js';
import { redactSecrets } from '../observability/redaction.js';
import { mask, maskText } from '../observability/secret.mask.js';
import { ByteAllowance, oversize } from './byte.allowance.js';
import type { DashboardSettings } from './dashboard.settings.js';
import { maskPayload } from './payload.mask.js';
import type { Oversize, StoredJob } from './stored-job.reader.js';

type Rules = Pick<DashboardSettings, 'redact' | 'maxBytes'>;

/** What the dashboard tells of a job: no secrets, not more than is allowed, and nothing of the engine that nobody asked for. */
export function toShownJob(job: StoredJob, queue: string, { redact, maxBytes }: Rules): QueueJobJson {
  const allowance = new ByteAllowance(maxBytes);
  const name = job.name ?? '';
  const failedReason = allowance.text(failureOf(job.failedReason));
  const payload = parse(job.data, (json) =>
    maskPayload(JSON.parse(json), { id: fromStoredId(job.id), name, queue }, redact),
  );
  return {
    id: job.id,
    name,
    failedReason,
    data: allowance.json(payload),
    returnvalue: job.returnvalue === undefined ? null : allowance.json(parse(job.returnvalue, maskText)),
    progress: allowance.json(parse(job.progress, maskText) ?? 0) as QueueJobJson['progress'],
    stacktrace: stacksOf(job.stacktrace).map((stack) => allowance.text(stack)),
    opts: optionsOf(job.opts),
    timestamp: Number(job.timestamp ?? 0),
    attemptsMade: Number(job.atm ?? 0),
    delay: Number(job.delay ?? 0),
    ...(job.processedOn ? { processedOn: Number(job.processedOn) } : {}),
    ...(job.finishedOn ? { finishedOn: Number(job.finishedOn) } : {}),
    ...(job.ats ? { attemptsStarted: Number(job.ats) } : {}),
    ...(job.stc ? { stalledCounter: Number(job.stc) } : {}),
    ...(job.priority ? { priority: Number(job.priority) } : {}),
  };
}

/** A line of a log, or of a stack. */
export const toShownText = (text: string): string => redactSecrets(text);

function failureOf(text: string | Oversize | undefined): string {
  if (text === undefined) return '';
  if (typeof text !== 'string') return oversize(text.bytes);
  const { kind, error } = parseFailure(text);
  const code = error.code ? ` [${error.code}]` : '';
  return redactSecrets(`${error.name}${code}: ${error.message}${kind === 'retrying' ? '' : ` (${kind})`}`);
}

function stacksOf(text: string | Oversize | undefined): string[] {
  const stacks = parse(text, (json) => JSON.parse(json) as unknown);
  if (typeof stacks === 'string') return [stacks];
  return Array.isArray(stacks)
    ? stacks.filter((stack) => typeof stack === 'string').map((stack) => redactSecrets(stack))
    : [];
}

/** What says how the job is run; the rest is of no use to a reader, and the key of a unique job may name a person. */
function optionsOf(text: string | Oversize | undefined): Record<string, unknown> {
  const stored = parse(text, (json) => JSON.parse(json) as unknown);
  if (typeof stored !== 'object' || stored === null) return {};
  const { attempts, delay, priority } = stored as Record<string, unknown>;
  const { expiresAt, timeout, scheduledFor, retry } = readMeta(stored);
  const shown = { attempts, delay, priority, timeout, retry };
  const times = { expiresAt, scheduledFor };
  return {
    ...(mask(shown) as object),
    ...Object.fromEntries(
      Object.entries(times).flatMap(([key, at]) =>
        typeof at === 'number' ? [[key, new Date(at).toISOString()]] : [],
      ),
    ),
  };
}

function parse<T>(text: string | Oversize | undefined, read: (json: string) => T): T | string | undefined {
  if (text === undefined) return undefined;
  if (typeof text !== 'string') return oversize(text.bytes);
  try {
    return read(text);
  } catch {
    return '[not readable as JSON]';
  }
}

import type { QueueJobJson } from '@bull-board/api/typings/app';
import { setImmediate as breath } from 'node:timers/promises';
import { parseFailure } from '../engine/failure.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import { readMeta } from '../engine/job-meta.js';
import { describeItems, itemsOf as itemsIn } from '../inspection/job-items.js';
import { redactSecrets } from '../observability/redaction.js';
import { mask, maskText } from '../observability/secret.mask.js';
import { ByteAllowance, oversize } from '../access/byte.allowance.js';
import type { DashboardJob } from './dashboard.options.js';
import type { DashboardSettings } from './dashboard.settings.js';
import { completeJson, LAST_WORD, withoutLastWord } from './json.beginning.js';
import { applyHook } from '../access/payload.hook.js';
import type { Oversize, ReadExtent, StoredFields } from '../engine/redis/stored-job.reader.js';

type Rules = Pick<DashboardSettings, 'redact' | 'maxBytes'>;
type Stored = string | Oversize | undefined;

/** What is read of a job in order to show it: a hook decides on the whole payload. */
export const reachOf = ({ redact, maxBytes }: Rules): ReadExtent => ({
  bytes: maxBytes + LAST_WORD,
  wholePayload: redact !== undefined,
});

/**
 * What the dashboard shows of a job: no secrets, not more than is allowed, and nothing of the engine that nobody asked for. What is
 * large is cut before it is parsed, and other work of the process comes in between.
 */
export async function toShownJob(job: StoredFields, queue: string, rules: Rules): Promise<QueueJobJson> {
  const allowance = new ByteAllowance(rules.maxBytes);
  const name = job.name ?? nameOfStoredId(job.id) ?? '';
  const failedReason = showText(job.failedReason, allowance, failureOf);
  await breath();
  const data = showPayload(job.data, allowance, { id: fromStoredId(job.id), name, queue }, rules.redact);
  await breath();
  const returnvalue = showJson(job.returnvalue, allowance) ?? null;
  await breath();
  const progress = (showJson(job.progress, allowance) || itemsOf(job, allowance)) as QueueJobJson['progress'];
  await breath();
  return {
    id: job.id,
    name,
    failedReason,
    data,
    returnvalue,
    progress,
    stacktrace: stacksOf(job.stacktrace).map((stack) => showText(stack, allowance, redactSecrets)),
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

/** Of a job that reported no progress itself: how far it is with its items. */
function itemsOf({ 'scalr:items': stored }: StoredFields, allowance: ByteAllowance): unknown {
  const items = itemsIn(parseStored(stored));
  if (items.length === 0) return 0;
  return allowance.json(Object.fromEntries(items.map((one) => [one.name, describeItems(one)])));
}

/** Lines of a log, as many as are allowed. */
export async function toShownLines(lines: readonly string[], maxBytes: number): Promise<string[]> {
  const allowance = new ByteAllowance(maxBytes);
  const shown: string[] = [];
  for (const line of lines) {
    shown.push(showText(line, allowance, redactSecrets));
    if (shown.length % 20 === 0) await breath();
  }
  return shown;
}

/** A text, which is cut before secrets are looked for in it. */
function showText(stored: Stored, allowance: ByteAllowance, redact: (text: string) => string): string {
  if (stored === undefined) return '';
  const { beginning, all } = beginningOf(stored, allowance.left);
  if (beginning === undefined) return allowance.text(oversize(all));
  const isWhole = Buffer.byteLength(beginning) === all;
  return isWhole
    ? allowance.text(redact(beginning))
    : allowance.text(redact(withoutLastWord(beginning)), all);
}

/** A value of JSON, of which what is too long is cut before it is parsed. */
function showJson(stored: Stored, allowance: ByteAllowance): unknown {
  if (stored === undefined) return undefined;
  const { beginning, all } = beginningOf(stored, allowance.left);
  if (beginning === undefined) return allowance.json(oversize(all));
  const isWhole = Buffer.byteLength(beginning) === all;
  const value = parse(isWhole ? beginning : completeJson(beginning), maskText);
  return isWhole ? allowance.json(value) : allowance.json(value, all);
}

function showPayload(
  stored: Stored,
  allowance: ByteAllowance,
  job: DashboardJob,
  redact: Rules['redact'],
): unknown {
  if (!redact || typeof stored !== 'string') return showJson(stored, allowance);
  const shown = parse(stored, (json) => applyHook(JSON.parse(json), job, redact));
  return showJson(JSON.stringify(shown) ?? 'null', allowance);
}

/** What there is room for, and the bytes of the whole; no beginning of what was not read. */
function beginningOf(stored: string | Oversize, left: number): { beginning?: string; all: number } {
  if (typeof stored !== 'string') return { beginning: stored.beginning, all: stored.bytes };
  const all = Buffer.byteLength(stored);
  return { beginning: all > left + LAST_WORD ? stored.slice(0, left + LAST_WORD) : stored, all };
}

function failureOf(text: string): string {
  const { kind, error } = parseFailure(text);
  const code = error.code ? ` [${error.code}]` : '';
  return redactSecrets(`${error.name}${code}: ${error.message}${kind === 'retrying' ? '' : ` (${kind})`}`);
}

function stacksOf(stored: Stored): string[] {
  const stacks = parseStored(stored);
  if (typeof stacks === 'string') return [stacks];
  return Array.isArray(stacks) ? stacks.filter((stack) => typeof stack === 'string') : [];
}

/** What says how the job is run; the rest is of no use to a reader, and the key of a unique job may name a person. */
function optionsOf(text: Stored): Record<string, unknown> {
  const stored = parseStored(text);
  if (typeof stored !== 'object' || stored === null) return {};
  const { attempts, delay, priority } = stored as Record<string, unknown>;
  const { expiresAt, timeout, scheduledFor, retry } = readMeta(stored);
  const shown = { attempts, delay, priority, timeout, retry };
  const times = { expiresAt, scheduledFor };
  return {
    ...(mask(shown) as object),
    ...Object.fromEntries(
      Object.entries(times).flatMap(([key, at]) =>
        typeof at === 'number' && Math.abs(at) <= 8.64e15 ? [[key, new Date(at).toISOString()]] : [],
      ),
    ),
  };
}

function parseStored(stored: Stored): unknown {
  if (stored === undefined) return undefined;
  if (typeof stored === 'string') return parse(stored, JSON.parse);
  return stored.beginning === undefined
    ? oversize(stored.bytes)
    : parse(completeJson(stored.beginning), JSON.parse);
}

function parse(text: string, read: (json: string) => unknown): unknown {
  try {
    return read(text);
  } catch {
    return '[not readable as JSON]';
  }
}

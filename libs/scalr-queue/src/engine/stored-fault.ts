/** Why a stored job cannot be run: its data is gone, or is not what an engine would have written. */
export interface StoredFault {
  readonly reason: 'data-missing' | 'unreadable';
  /** A sentence that names the field. */
  readonly message: string;
}

/** What errors about a fault are called, and their codes. */
const ERRORS = {
  'data-missing': { name: 'JobDataMissingError', code: 'JOB_DATA_MISSING' },
  unreadable: { name: 'JobUnreadableError', code: 'JOB_UNREADABLE' },
} as const;

export const DATA_MISSING: StoredFault = {
  reason: 'data-missing',
  message: 'its data is not in Redis: it was deleted or evicted',
};

export const unreadable = (message: string): StoredFault => ({ reason: 'unreadable', message });

/** A fault as an error that a job can be dead of. */
export function errorOfFault({ reason, message }: StoredFault): Error {
  const { name, code } = ERRORS[reason];
  return Object.assign(new Error(message), { name, code, stack: `${name}: ${message}` });
}

const NUMBERS = [
  'timestamp',
  'delay',
  'priority',
  'ats',
  'atm',
  'attemptsMade',
  'stc',
  'processedOn',
  'finishedOn',
] as const;
const OPTION_NUMBERS = ['attempts', 'delay', 'priority', 'kl', 'stackTraceLimit'] as const;
const META_NUMBERS = ['expiresAt', 'timeout', 'scheduledFor'] as const;
const JSON_FIELDS = ['progress', 'parent'] as const;

/**
 * What keeps a stored job from being run, all but whether its payload is JSON, which shows when it is parsed: payloads are large,
 * and this is asked for each job.
 */
export function faultOf(fields: Readonly<Record<string, string>>): StoredFault | undefined {
  if (fields['name'] === undefined || fields['data'] === undefined) return DATA_MISSING;
  for (const field of NUMBERS) {
    const text = fields[field];
    if (text !== undefined && !isInRange(Number(text)))
      return unreadable(`${field} is not a number in range`);
  }
  for (const field of JSON_FIELDS) {
    const text = fields[field];
    if (text && parse(text) === undefined) return unreadable(`${field} is not JSON`);
  }
  return faultOfOptions(fields['opts']);
}

export function faultOfOptions(text: string | undefined): StoredFault | undefined {
  const options = parse(text || '{}');
  if (options === undefined) return unreadable('opts is not JSON');
  if (!isRecord(options)) return unreadable('opts is not an object');
  for (const option of OPTION_NUMBERS) {
    if (!isAbsentOrInRange(options[option])) return unreadable(`opts.${option} is not a number in range`);
  }
  for (const option of ['removeOnComplete', 'removeOnFail'] as const) {
    if (!isLimit(options[option])) return unreadable(`opts.${option} is not a limit`);
  }
  const { scalr: meta, de: unique } = options;
  if (unique !== undefined && !isRecord(unique)) return unreadable('opts.de is not an object');
  if (meta === undefined) return undefined;
  if (!isRecord(meta)) return unreadable('opts.scalr is not an object');
  for (const field of META_NUMBERS) {
    if (!isAbsentOrInRange(meta[field])) return unreadable(`opts.scalr.${field} is not a number in range`);
  }
  for (const field of ['retry', 'slot'] as const) {
    if (meta[field] !== undefined && !isRecord(meta[field]))
      return unreadable(`opts.scalr.${field} is not an object`);
  }
  return undefined;
}

/** A boolean, a count, or an object with counts: what the engine takes for `removeOnFail`. */
function isLimit(value: unknown): boolean {
  if (isRecord(value)) return Object.values(value).every((one) => isAbsentOrInRange(one));
  return typeof value === 'boolean' || isAbsentOrInRange(value);
}

function isAbsentOrInRange(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && isInRange(value));
}

/** Fractions of a millisecond are harmless; what is out of range makes dates and scripts fail. */
function isInRange(value: number): boolean {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined for what is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Why there is no answer, in a sentence. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Asks the console's own API. @param path below `api/` */
export function get<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(given).toString();
  return ask(`${path}${text && `?${text}`}`, { headers: { accept: 'application/json' } });
}

/** Changes something. */
export function post<T>(path: string, body: object = {}): Promise<T> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, init);
  } catch {
    throw new ApiError('The console does not answer.', 0);
  }
  const body = (await response.json().catch(() => ({}))) as T & { error?: { message?: string } };
  if (!response.ok)
    throw new ApiError(body.error?.message ?? `The answer was ${response.status}.`, response.status);
  return body;
}

/** A part of a path. */
export const part = (text: string): string => encodeURIComponent(text);

export interface Me {
  readonly user: string;
  readonly role: string;
  readonly payload: boolean;
  readonly writes: boolean;
  readonly title: string;
  readonly version: string;
}

export interface Queue {
  readonly app: string;
  readonly name: string;
  readonly waiting: number;
  readonly delayed: number;
  readonly running: number;
  readonly dead: number;
  readonly paused: boolean;
  readonly workers: number;
  readonly oldestPendingAgeMs: number;
  readonly problem?: { readonly message: string };
}

export interface App extends Omit<Queue, 'name' | 'paused' | 'problem'> {
  readonly queues: readonly Omit<Queue, 'app'>[];
  readonly versions: readonly string[];
  readonly bytes?: number;
  readonly memoryShare?: number;
  readonly connections?: number;
}

export interface Overview {
  readonly at: string;
  readonly stale?: string;
  readonly server: { usedMemory?: number; maxMemory?: number; clients?: number; maxClients?: number };
  readonly problems: readonly { app?: string; severity: string; problem: string; cure: string }[];
  readonly apps: readonly App[];
  readonly notes: readonly string[];
}

/** What is done to many jobs. */
export interface Act {
  readonly id: string;
  readonly act: string;
  readonly app: string;
  readonly by: string;
  readonly state: 'running' | 'done' | 'stopped' | 'failed';
  readonly matched: number;
  readonly done: number;
  readonly conflicts?: number;
  readonly error?: string;
}

/** What workers did, in cells of equal length; null where none wrote. */
export interface History {
  readonly t0: number;
  readonly step: number;
  readonly series: {
    readonly [Name in 'done' | 'failed' | 'dead']: readonly (number | null)[];
  } & { readonly [Name in 'waitP50Ms' | 'waitP95Ms']?: readonly (number | null)[] };
  readonly deploys: readonly { readonly version: string; readonly firstSeenAt: string }[];
}

export interface Sample {
  readonly total: number;
  readonly lookedAt: number;
  readonly exact: boolean;
  readonly damaged: number;
  readonly others: number;
  readonly parts: readonly {
    readonly value?: string | number | boolean | null;
    readonly jobs: number;
    readonly share: number;
    readonly estimate: number;
    readonly bytes: number;
  }[];
}

interface Waited {
  readonly app: string;
  readonly name: string;
  readonly waiters: readonly string[];
}

export interface Limits {
  readonly queues: readonly {
    readonly app: string;
    readonly name: string;
    readonly running: number;
    readonly concurrency?: number;
    readonly rateLimit?: {
      readonly max: number;
      readonly per: number;
      readonly used: number;
      readonly resetInMs: number;
    };
  }[];
  readonly limiters: readonly (Waited & {
    readonly key: string;
    readonly rule: {
      readonly kind: string;
      readonly max?: number;
      readonly capacity?: number;
      readonly refill?: number;
      readonly per?: number;
    };
    readonly left: number;
    readonly resetIn: number;
    readonly waiting: number;
  })[];
  readonly locks: readonly (Waited & {
    readonly holder: string;
    readonly heldFor: number;
    readonly expiresIn: number;
  })[];
  readonly notes: readonly string[];
}

interface StoredJob {
  readonly queue: string;
  readonly id: string;
  readonly name?: string;
}

export interface Memory {
  readonly at: string;
  readonly complete: boolean;
  readonly keys: number;
  readonly bytes: number;
  readonly parts: readonly {
    readonly queue?: string;
    readonly what: string;
    readonly kind?: string;
    readonly keys: number;
    readonly bytes: number;
  }[];
  readonly largest: readonly (StoredJob & { readonly bytes: number })[];
  readonly unique: {
    readonly count: number;
    readonly oldest: readonly (StoredJob & { readonly since?: string })[];
  };
}

export interface AuditEntry {
  readonly app?: string;
  readonly id: string;
  readonly at: string;
  readonly by?: string;
  readonly via: string;
  readonly action: string;
  readonly what: Readonly<Record<string, string | number | boolean>>;
  readonly matched?: number;
  readonly done?: number;
  readonly dryRun: boolean;
  readonly tookMs: number;
  readonly error?: string;
}

export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

export interface Group {
  readonly fingerprint: string;
  readonly name: string;
  readonly reason: string;
  readonly error: ErrorInfo;
  readonly jobs: number;
  readonly firstDiedAt: string;
  readonly lastDiedAt: string;
  readonly lastId: string;
}

export interface Job {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: string;
  readonly reason?: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly error?: ErrorInfo;
  readonly progress?: unknown;
  readonly enqueuedAt: string;
  readonly runAt?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface JobDetails extends Job {
  readonly failures: readonly { at: string; attempt: number; stack: string }[];
  readonly logs: readonly string[];
  readonly expiresAt?: string;
  readonly scheduledFor?: string;
  readonly payload?: unknown;
  readonly result?: unknown;
  readonly payloadHidden?: boolean;
}

export interface Schedule {
  readonly app: string;
  readonly name: string;
  readonly queue: string;
  readonly cron?: string;
  readonly every?: number;
  readonly tz?: string;
  readonly nextRunAt: string;
  readonly lastRunAt?: string;
  readonly lastSuccessAt?: string;
  readonly lastMissedAt?: string;
  readonly lateSince?: string;
  readonly paused: boolean;
}

export interface Worker {
  readonly app: string;
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly program?: string;
  readonly version?: string;
  readonly libraryVersion: string;
  readonly queues: readonly string[];
  readonly running: number;
  readonly runningJobs: readonly { id: string; queue: string }[];
  readonly draining: boolean;
  readonly startedAt: string;
  readonly seenAt: string;
}

/**
 * Every default and limit of the library. Durations are milliseconds, sizes are bytes.
 * Documentation and code both use these names.
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1_024;

export const DEFAULT_QUEUE = 'default';
export const DEFAULT_ATTEMPTS = 5;
export const DEFAULT_RETRY_DELAY = SECOND;
export const DEFAULT_RETRY_FACTOR = 2;
export const DEFAULT_RETRY_MAX_DELAY = HOUR;
export const DEFAULT_RETRY_JITTER = 0.2;
export const DEFAULT_TIMEOUT = 5 * MINUTE;
export const DEFAULT_PRIORITY = 0;
export const DEFAULT_CONCURRENCY = 10;
export const DEFAULT_PAYLOAD_LIMIT = 256 * KIB;
export const DEFAULT_RESULT_LIMIT = 256 * KIB;
export const DEFAULT_KEEP_COMPLETED_AGE = DAY;
export const DEFAULT_KEEP_COMPLETED_COUNT = 1_000;
export const DEFAULT_KEEP_DEAD_AGE = 14 * DAY;
export const DEFAULT_KEEP_DEAD_COUNT = 10_000;
export const DEFAULT_SHUTDOWN_TIMEOUT = 25 * SECOND;
export const DEFAULT_WORKER_PORT = 3001;
export const DEFAULT_LOCK_DURATION = 30 * SECOND;
export const DEFAULT_STALLED_INTERVAL = 5 * SECOND;
export const DEFAULT_MAX_CRASHES = 3;

/** `enqueue` gives up waiting for Redis after this time. */
export const ENQUEUE_DEADLINE = SECOND;
/** Text of an error (message and stack) kept with a job. */
export const ERROR_TEXT_LIMIT = 8 * KIB;
/** Failed attempts whose stack is kept with a job. */
export const KEPT_FAILURES = 5;
/** Lines of `ctx.log` kept with a job. */
export const KEPT_LOG_LINES = 100;
/** Entries kept in the event stream of a queue; readers that fall behind look at the job itself. */
export const EVENT_STREAM_LENGTH = 1_000;
/** Jobs sent to Redis in one round trip by `enqueueMany`, so that other apps are never held up. */
export const BULK_SLICE = 250;
/** How long a job that this worker cannot run is put aside before it is offered again. */
export const PARK_DELAY = 5 * SECOND;
/** How long a job without a handler waits for a worker that has one. */
export const PARK_LIMIT = 10 * MINUTE;

export const MAX_ATTEMPTS = 100;
export const MAX_PRIORITY = 2_097_151;
export const MAX_CONCURRENCY = 1_000;
export const MAX_DURATION = 365 * DAY;
export const MAX_NAME_LENGTH = 128;
export const MAX_DEPTH = 100;

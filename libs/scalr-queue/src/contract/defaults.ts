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
export const DEFAULT_FAST_PATH = 'auto';
export const DEFAULT_PAYLOAD_LIMIT = 256 * KIB;
export const DEFAULT_RESULT_LIMIT = 256 * KIB;
/** Tags of one job, and characters of a tag. */
export const MAX_TAGS = 10;
export const MAX_TAG_LENGTH = 64;
/** What a definition's `fingerprint` gives, in characters. */
export const MAX_FINGERPRINT_LENGTH = 1_024;
/** What a job carries of its caller. */
export const CONTEXT_LIMIT = 2 * KIB;
export const DEFAULT_KEEP_COMPLETED_AGE = DAY;
export const DEFAULT_KEEP_COMPLETED_COUNT = 1_000;
export const DEFAULT_KEEP_DEAD_AGE = 14 * DAY;
export const DEFAULT_KEEP_DEAD_COUNT = 10_000;
/** Jobs that wait in one queue; a small one takes about 1 KiB of Redis. */
export const DEFAULT_MAX_BACKLOG = 1_000_000;
/** How long the id of a job is remembered after its end, where the caller chose it. */
export const DEFAULT_KEEP_IDS = DAY;
export const DEFAULT_SHUTDOWN_TIMEOUT = 25 * SECOND;
export const DEFAULT_WORKER_PORT = 3001;
export const DEFAULT_LOCK_DURATION = 30 * SECOND;
export const DEFAULT_STALLED_INTERVAL = 5 * SECOND;
export const DEFAULT_MAX_CRASHES = 3;
export const DEFAULT_UNKNOWN_JOB_TIMEOUT = 10 * MINUTE;
export const DEFAULT_DASHBOARD_UI = 'bull-board';
/** Days for which the counts of ten minutes are kept. */
export const DEFAULT_HISTORY_DAYS = 14;
export const DEFAULT_DASHBOARD_PATH = '/queues';
/** What the dashboard shows of one job. */
export const DEFAULT_DASHBOARD_BYTES = 16 * KIB;

/** How long an id that the library made is remembered after the end of its job: long enough to resend it. */
export const KEEP_OWN_IDS = 2 * MINUTE;

/** `enqueue` gives up waiting for Redis after this time. */
export const ENQUEUE_DEADLINE = SECOND;
/** Text of an error (message and stack) kept with a job. */
export const ERROR_TEXT_LIMIT = 8 * KIB;
/** A field of a stored job that is larger is not read: of such a job all else is shown. */
export const SHOWN_FIELD_LIMIT = 1_024 * KIB;
/** Failed attempts whose stack is kept with a job. */
export const KEPT_FAILURES = 5;
/** Lines of `ctx.log` kept with a job. */
export const KEPT_LOG_LINES = 100;
/** Entries kept in the event stream of a queue; readers that fall behind look at the job itself. */
export const EVENT_STREAM_LENGTH = 1_000;
/** Jobs sent to Redis in one round trip by `enqueueMany`, so that other apps are never held up. */
export const BULK_SLICE = 125;
/** Slices of one `enqueueMany` that are on their way together. */
export const BULK_SLICES_IN_FLIGHT = 4;
/** Jobs that one statement records in the outbox. */
export const OUTBOX_BATCH = 1_000;
/** A completed job stays for so long whatever `keep.completed.count` says: somebody may be about to ask for its result. */
export const RESULT_GRACE = 5 * SECOND;
/** How long a job without a handler is deferred before it is offered again, where there are many of them. */
export const MAX_DEFERRAL = 5 * SECOND;
/** `scalr-queue ping` waits so long for a worker. */
export const PING_TIMEOUT = 5 * SECOND;
/** How often a worker sends a heartbeat. */
export const WORKER_HEARTBEAT = 5 * SECOND;
/** A worker that gave none for this long is gone. */
export const WORKER_TTL = 20 * SECOND;
/** `enqueue` complains of a job that no live worker has handled for this long. */
export const UNHANDLED_GRACE = MINUTE;
/** Health and metrics read the state of the queues at most this often. */
export const STATE_CACHE = SECOND;
/** Health and metrics give up waiting for Redis after this time. */
export const STATE_TIMEOUT = 800;

/** The dashboard answers within this time, whatever Redis does. */
export const DASHBOARD_DEADLINE = 1_400;
/** A page of many large jobs is read and masked in small steps, each of which Redis answers by the deadline or fails. */
export const DASHBOARD_PAGE_DEADLINE = 10_000;
/** Bytes that the dashboard shows of all jobs of a page together. */
export const DASHBOARD_PAGE_BYTES = 1_024 * KIB;
/** A click on "retry all" or "clean all" is answered within this time; the rest is done behind the answer. */
export const DASHBOARD_BULK_ANSWER = 15 * SECOND;

export const MAX_ATTEMPTS = 100;
export const MAX_PRIORITY = 2_097_151;
export const MAX_CONCURRENCY = 1_000;
/** A leap year, so that `'1y'` of the `ms` package (365.25 days) is in. */
export const MAX_DURATION = 366 * DAY;
/** What a timer of node can hold is 24.8 days; a longer one would fire at once. */
export const MAX_TIMEOUT = 24 * DAY;
export const MAX_SHUTDOWN_TIMEOUT = HOUR;
export const MAX_HISTORY_DAYS = 90;
export const MAX_NAME_LENGTH = 128;
export const MAX_DEPTH = 100;
export const MAX_DASHBOARD_BYTES = 1_024 * KIB;

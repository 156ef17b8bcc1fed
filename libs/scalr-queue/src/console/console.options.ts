import type { RedisConnectionOptions } from '../config/redis-options.js';

/**
 * What an account may do: `view` looks; `operate` also retries dead jobs, cancels waiting ones, pauses queues and runs schedules; `admin` also
 * deletes dead jobs. A console without `writeRedis` only looks, whatever the role.
 */
export type ConsoleRole = 'view' | 'operate' | 'admin';

/** Someone who may open the console. */
export interface ConsoleAccount {
  /** 1 to 64 characters without a colon. */
  readonly user: string;
  /** Up to 256 characters. In production at least 12. */
  readonly password: string;
  /** Defaults to `view`. */
  readonly role?: ConsoleRole;
  /** The apps that this account sees. Defaults to all of the console. */
  readonly apps?: readonly string[];
  /** Whether this account sees payloads and results, masked. Defaults to false. */
  readonly payload?: boolean;
}

/** Options of `createConsole`. */
export interface ConsoleOptions {
  /**
   * Where Redis is, as a user that may look at all its apps: `console` of SECURITY.md, which may write nothing. Defaults to `SCALR_CONSOLE_REDIS_URL`, else
   * `SCALR_REDIS_URL`.
   */
  readonly redis?: string | RedisConnectionOptions;
  /**
   * Where changes are sent, as a user that may make them. Without it nothing can be changed: there is no other connection that would.
   * Has no default.
   */
  readonly writeRedis?: string | RedisConnectionOptions;
  /** Who may open it; at least one. */
  readonly accounts: readonly ConsoleAccount[];
  /** The apps that it shows. Defaults to all of the Redis. */
  readonly scope?: readonly string[];
  /** Where browsers open it, behind a proxy that changes `Host` and does not send `X-Forwarded-Host`. */
  readonly publicUrl?: string;
  /** Title of the page. Defaults to `scalr console`. */
  readonly title?: string;
  /** Bytes that are shown of the payload and result of one job. 1,024 to 1,048,576; defaults to 16,384. */
  readonly maxBytes?: number;
}

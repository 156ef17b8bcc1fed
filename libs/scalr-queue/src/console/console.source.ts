import type { AuditService } from '../audit/audit.service.js';
import type { QueueInfo } from '../contract/queue-info.js';
import type { DeadLetterService } from '../dead-letter/dead-letter.service.js';
import type { AppMemory } from '../engine/app-memory.js';
import type { Finding } from '../engine/finding.js';
import type { HistoryService } from '../history/history.service.js';
import type { JobsService } from '../inspection/jobs.service.js';
import type { QueuesService } from '../inspection/queues.service.js';
import type { SchedulesService } from '../scheduling/schedules.service.js';
import type { SharedRedis } from '../shared/shared.redis.js';

/** The services of one app, which the console looks through. */
export interface AppServices {
  readonly jobs: JobsService;
  readonly queues: QueuesService;
  readonly deadLetters: DeadLetterService;
  readonly schedules: SchedulesService;
  readonly audit: AuditService;
  readonly history: HistoryService;
  readonly shared: Pick<SharedRedis, 'limits' | 'locks'>;
  /** Where the memory of the app goes, from a walk over its keys. @throws QueueUnavailableError where that may not be asked */
  readonly memory: () => Promise<AppMemory>;
}

/** Something that is wrong, in an app or with the server, and how to mend it. */
export interface ConsoleProblem extends Finding {
  /** Absent for a problem of the server. */
  readonly app?: string;
}

/** One app in the overview. */
export interface ConsoleApp {
  readonly app: string;
  readonly queues: readonly QueueInfo[];
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
  readonly dead: number;
  readonly oldestPendingAgeMs: number;
  readonly workers: number;
  /** Versions of the app that its workers run. */
  readonly versions: readonly string[];
  /** Estimate, of all its keys. */
  readonly bytes?: number;
  readonly memoryShare?: number;
  readonly connections?: number;
}

/** What the first page shows. */
export interface ConsoleOverview {
  /** When it was read. */
  readonly at: Date;
  /** Why nothing newer could be read; absent when it is fresh. */
  readonly stale?: string;
  readonly server: {
    readonly usedMemory?: number;
    readonly maxMemory?: number;
    readonly clients?: number;
    readonly maxClients?: number;
  };
  /** The worst first. */
  readonly problems: readonly ConsoleProblem[];
  readonly apps: readonly ConsoleApp[];
  /** What could not be looked at. */
  readonly notes: readonly string[];
}

/** Where the console gets what it shows. */
export interface ConsoleSource {
  /** As it stood at most a second ago, however many ask. @throws QueueUnavailableError when nothing was ever read */
  /** @param age milliseconds that it may be old: one second where nothing is said */
  overview(age?: number): Promise<ConsoleOverview>;
  /** Undefined for an app that there is not. @throws QueueUnavailableError */
  app(name: string): Promise<AppServices | undefined>;
  /** The same as `app`, to change something; absent in a console that may only look. */
  readonly writer?: (name: string) => Promise<AppServices | undefined>;
  close(): Promise<void>;
}

/** Who acts. */
export interface Actor {
  /** Name of the person or the program, for `AuditService`. */
  readonly by?: string;
  /** Through what. Defaults to `code`. */
  readonly via?: ActVia;
}

/** Through what somebody acted: code of the app, the command line, a console. */
export type ActVia = 'code' | 'cli' | 'console';

/** What was done. */
export type AuditAction =
  | 'dead.retry'
  | 'dead.delete'
  | 'jobs.cancel'
  | 'job.promote'
  | 'job.remove'
  | 'queue.pause'
  | 'queue.resume'
  | 'schedule.run-now'
  | 'schedule.pause'
  | 'schedule.resume';

/** An act on the jobs, queues or schedules of the app. */
export interface AuditEntry {
  /** Of the entry: later ones have higher ids. */
  readonly id: string;
  /** When the act began, by the clock of the process that acted. */
  readonly at: Date;
  /** Who, as far as that was said. */
  readonly by?: string;
  readonly via: ActVia;
  readonly action: AuditAction;
  /** To what: the id of a job, the name of a queue or a schedule, or the filter. Of a payload that was looked for only the paths. */
  readonly what: Readonly<Record<string, string | number | boolean>>;
  /** Jobs that it was meant for; absent for an act on a queue or a schedule, and where the act failed. */
  readonly matched?: number;
  /** Of those, the ones that it was done to. */
  readonly done?: number;
  readonly dryRun: boolean;
  readonly tookMs: number;
  /** Code of the error that ended the act, which may be done in part. */
  readonly error?: string;
}

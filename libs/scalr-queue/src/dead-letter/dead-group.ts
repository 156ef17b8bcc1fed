import type { DeadReason, JobErrorInfo } from '../contract/job-info.js';

/** Dead jobs that died of the same fault: one definition, one reason, one error, and messages that differ in details only. */
export interface DeadGroup {
  /** 8 hexadecimal digits, the same in every process: what `filter.group` takes. */
  readonly fingerprint: string;
  /** Of the definition; empty where the jobs cannot be read. */
  readonly name: string;
  readonly reason: DeadReason;
  /** The error; in its message marks such as `<uuid>`, `<n>` and `<text>` stand for what differs from job to job. */
  readonly error: JobErrorInfo;
  readonly jobs: number;
  readonly firstDiedAt: Date;
  readonly lastDiedAt: Date;
  /** The job that died last. */
  readonly lastId: string;
}

/** What the dead jobs died of, the largest group first. */
export interface DeadGroups {
  readonly groups: readonly DeadGroup[];
  /** Jobs that were looked at. */
  readonly jobs: number;
  /** Jobs of further groups: more than 1,000 are not told apart. Absent when there are none. */
  readonly ungrouped?: number;
}

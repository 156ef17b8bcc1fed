import { ErrorCode } from 'bullmq';

/** The engine refuses the outcome of a run whose lock is gone, or somebody else's. */
export function isLockLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === ErrorCode.JobLockNotExist || code === ErrorCode.JobLockMismatch;
}

/** The engine knows no such job any more. */
export function isJobMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === ErrorCode.JobNotExist;
}

import { ErrorCode } from 'bullmq';

/** The engine refuses the outcome of a run whose lock is gone, or somebody else's. */
export function isLockLost(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === ErrorCode.JobLockNotExist || code === ErrorCode.JobLockMismatch;
}

import { OutcomeUnknownError } from '../contract/errors/enqueue.errors.js';

/** @param why nobody knows what became of the jobs, up to their name */
export function outcomeUnknown(why: string, jobIds: readonly string[], cause?: unknown): OutcomeUnknownError {
  const what = jobIds.length === 1 ? `job ${jobIds[0]}` : `${jobIds.length} jobs, the first is ${jobIds[0]}`;
  return new OutcomeUnknownError(
    `${why} ${what}: it may or may not be enqueued. Enqueue again with the same id to be sure; that makes one job.`,
    jobIds,
    { cause },
  );
}

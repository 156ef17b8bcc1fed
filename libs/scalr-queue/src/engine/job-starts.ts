import type { StoredJob } from './stored-job.js';

/** Starts of the job before the one that is under way, whatever came of them. */
export const startsBefore = ({ attemptsStarted }: StoredJob): number => attemptsStarted - 1;

/** Whether release 0.1.0 has put the job back by hand, which left the count of its idle starts alone. */
export const wasRetriedByHand = ({ attemptsMade, stacktrace }: StoredJob): boolean =>
  attemptsMade === 0 && (stacktrace?.length ?? 0) > 0;

import { counted } from '../contract/counted.js';
/** What a worker in burst mode did. */
export interface BurstSummary {
  /** `empty`: nothing was left to do. `timeout`: its time was over. `interrupted`: it was told to shut down before. */
  readonly ended: 'empty' | 'timeout' | 'interrupted';
  /** Jobs that completed. */
  readonly completed: number;
  /** Failed attempts, retried or not. */
  readonly failed: number;
  /** Jobs that gave up. */
  readonly dead: number;
  /** Jobs that were running at the end and went back to their queue. */
  readonly handedBack: number;
  readonly durationMs: number;
  /** The queues that are not empty: jobs for later, those of a paused queue, or what there was no time for. */
  readonly left: readonly {
    readonly queue: string;
    readonly waiting: number;
    readonly delayed: number;
    readonly running: number;
    readonly paused: boolean;
  }[];
}

/** 0 when everything was done and no job died, else 1. */
export function exitCodeOf({ ended, dead }: BurstSummary): number {
  return ended === 'empty' && dead === 0 ? 0 : 1;
}

/** The summary in one line. */
export function describeBurst(summary: BurstSummary): string {
  const { ended, completed, failed, dead, handedBack, durationMs, left } = summary;
  const how = { empty: 'done', timeout: 'out of time', interrupted: 'interrupted' }[ended];
  const rest = left.map(({ queue, waiting, delayed, running, paused }) => {
    const counts = [
      ...(waiting > 0 ? [`${waiting} waiting`] : []),
      ...(delayed > 0 ? [`${delayed} for later`] : []),
      ...(running > 0 ? [`${running} running elsewhere`] : []),
    ];
    return `${queue} ${counts.join(', ')}${paused ? ' (paused)' : ''}`;
  });
  return (
    `Burst ${how} in ${(durationMs / 1_000).toFixed(1)} s: ${completed} completed, ${counted(failed, 'failed attempt')}, ` +
    `${dead} dead, ${handedBack} handed back. Left: ${rest.join('; ') || 'nothing'}`
  );
}

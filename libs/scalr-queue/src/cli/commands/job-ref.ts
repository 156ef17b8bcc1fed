import type { Command } from 'commander';
import type { JobRef } from '../../contract/job-ref.js';

/** The flags that say which of several jobs with one id is meant. */
export interface RefFlags {
  readonly name?: string;
  readonly queue?: string;
}

export function addRefFlags(command: Command): Command {
  return command
    .option('--name <name>', 'its name, where two definitions use the same id')
    .option('--queue <name>', 'its queue, where two queues of BullMQ jobs use the same id');
}

export function refOf(id: string, { name, queue }: RefFlags): JobRef {
  if (name !== undefined) return { id, name, queue };
  return queue === undefined ? id : { id, queue };
}

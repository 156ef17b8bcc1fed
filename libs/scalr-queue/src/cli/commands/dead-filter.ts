import { type Command, Option } from 'commander';
import type { DeadLetterFilter } from '../../dead-letter/dead-letter.filter.js';
import { DEAD_REASONS, type DeadReason } from '../../contract/job-info.js';
import { moment } from '../arguments.js';

/** The flags that choose dead jobs. */
export interface FilterFlags {
  readonly definition?: string;
  readonly queue?: string;
  readonly reason?: DeadReason;
  readonly error?: string;
  readonly group?: string;
  readonly tag?: string;
  readonly after?: Date;
  readonly before?: Date;
}

export function addFilter(command: Command): Command {
  return command
    .option('--definition <name>', 'jobs of this definition')
    .option('--queue <name>', 'jobs of this queue')
    .addOption(new Option('--reason <reason>', 'jobs that are dead for this reason').choices(DEAD_REASONS))
    .option('--error <text>', 'jobs whose error holds this text')
    .option('--group <fingerprint>', 'jobs that died of this, as `dead groups` names it')
    .option('--tag <tag>', 'jobs with this tag')
    .option('--after <time>', 'jobs that died then or later: a date, or how long ago, as in 2h', moment)
    .option('--before <time>', 'jobs that died before', moment);
}

/** The filter that the flags make; `{}` when none was given. */
export function filterOf({
  definition,
  queue,
  reason,
  error,
  group,
  tag,
  after,
  before,
}: FilterFlags): DeadLetterFilter {
  const given = { definition, queue, reason, error, group, tag, after, before };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

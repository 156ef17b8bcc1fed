import type { JobInfo } from '../contract/job-info.js';
import { redactText } from '../observability/redaction.js';
import type { Cell, Column, Tone } from './output/table.js';

const TONES: Partial<Record<JobInfo['state'], Tone>> = { dead: 'bad', completed: 'good', delayed: 'warn' };

/** The state of a job, and of a dead one its reason. */
export function stateCell({ state, reason }: JobInfo): Cell {
  const value = reason ? `${state} (${reason})` : state;
  const tone = TONES[state];
  return tone ? { value, tone } : value;
}

/** The last error of a job on one line, without the secrets that messages of databases like to hold. */
export function shortError({ error }: Pick<JobInfo, 'error'>): string | undefined {
  return error && redactText(`${error.name}${error.code ? `[${error.code}]` : ''}: ${error.message}`);
}

/** The columns of a list of jobs; that of their tags only where one has any, as most apps have none. */
export function jobColumns<J extends Pick<JobInfo, 'tags'>>(
  columns: readonly Column<J>[],
  jobs: readonly J[],
): readonly Column<J>[] {
  if (!jobs.some(({ tags }) => tags)) return columns;
  const tags: Column<J> = { title: 'tags', of: (job) => job.tags?.join(' ') };
  // Errors are long, and last.
  return columns.toSpliced(-1, 0, tags);
}

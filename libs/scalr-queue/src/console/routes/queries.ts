import type { DeadLetterFilter } from '../../dead-letter/dead-letter.filter.js';
import type { JobListOptions } from '../../inspection/job-list.options.js';
import { ConsoleError } from '../console.error.js';

const LIMIT = 50;

/** Limit and cursor of a page. The services check them further. */
export function pageOf(query: URLSearchParams): { limit: number; cursor?: string } {
  const limit = query.get('limit') ?? String(LIMIT);
  const cursor = query.get('cursor');
  if (!/^\d{1,4}$/.test(limit)) throw new ConsoleError(400, 'INVALID_QUERY', 'limit is a number up to 1000');
  return { limit: Number(limit), ...(cursor === null ? {} : { cursor }) };
}

/** Which jobs to list. */
export function listOptionsOf(query: URLSearchParams): JobListOptions {
  // The service says what is wrong with a state.
  return textsOf(query, ['state', 'queue', 'name', 'tag']);
}

/** Which dead jobs are meant. */
export function deadFilterOf(query: URLSearchParams): DeadLetterFilter {
  const { name, ...others } = textsOf(query, ['name', 'queue', 'reason', 'error', 'group', 'tag']);
  return {
    ...(others as DeadLetterFilter),
    ...(name === undefined ? {} : { definition: name }),
    ...timeOf(query, 'after'),
    ...timeOf(query, 'before'),
  };
}

function textsOf(query: URLSearchParams, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = query.get(name);
      return text === null || text === '' ? [] : [[name, text]];
    }),
  );
}

function timeOf(query: URLSearchParams, name: 'after' | 'before'): { [Name in 'after' | 'before']?: Date } {
  const text = query.get(name);
  if (text === null || text === '') return {};
  const date = new Date(text);
  if (Number.isNaN(+date))
    throw new ConsoleError(400, 'INVALID_QUERY', `${name} is a time like 2026-05-01T10:00:00Z`);
  return { [name]: date };
}

import type { JobType } from '../job-type.js';

/** Whether a field can have been written by this library: a name, and a queue that the engine takes. */
export const isField = (field: string): boolean =>
  field.length <= 400 && /^[^\s:~]+ [^\s:][^:]*$/.test(field);

/** The reverse of `jobTypeField`. */
export function entryOf(field: string): JobType {
  const [name = '', queue = ''] = field.split(' ');
  return { name, queue };
}

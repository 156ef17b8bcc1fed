/**
 * Stands for the name of jobs that other code adds to a queue, through `BullModule.registerQueue`: their names are not known
 * beforehand. No job of the library can have it.
 */
export const ANY_NAME = '*';

/** A job as far as finding it goes. */
export interface CatalogEntry {
  readonly name: string;
  readonly queue: string;
}

/** Whether a field can have been written by this library: a name, and a queue that the engine takes. */
export const isField = (field: string): boolean =>
  field.length <= 400 && /^[^\s:~]+ [^\s:][^:]*$/.test(field);

/** The reverse of `jobTypeField`. */
export function entryOf(field: string): CatalogEntry {
  const [name = '', queue = ''] = field.split(' ');
  return { name, queue };
}

/**
 * What names a job: its id, or its id and the name of its definition where two definitions use the same id. Jobs that other code
 * adds to a queue have ids that are counted per queue: `{ id: '1', queue: 'legacy' }`.
 */
export type JobRef =
  | string
  | { readonly id: string; readonly name: string; readonly queue?: string }
  | { readonly id: string; readonly name?: undefined; readonly queue: string };

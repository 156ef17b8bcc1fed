/** A dead job that cannot be retried: its unique key is taken. */
export interface KeyConflict {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** Id of the job that holds the key. */
  readonly holder: string;
}

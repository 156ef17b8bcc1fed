/** Entries that are kept, about. */
export const KEPT_ACTS = 10_000;

/** What was done to the jobs of the app, as texts that only their writer understands. */
export interface AuditRecords {
  /** Adds one; the oldest of more than {@link KEPT_ACTS} go. */
  append(text: string): Promise<void>;
  /** At most `limit`, the newest first. @param before the id of the entry that the page before ended with */
  page(limit: number, before?: string): Promise<AuditRecord[]>;
}

/** An entry with its id: two whole numbers with a hyphen between them. */
export interface AuditRecord {
  readonly id: string;
  readonly text: string;
}

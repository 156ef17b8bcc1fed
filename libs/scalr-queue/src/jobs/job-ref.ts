/** What names a job: its id, or its id and the name of its definition where two definitions use the same id. */
export type JobRef = string | { readonly id: string; readonly name: string };

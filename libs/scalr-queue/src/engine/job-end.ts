/** How a job ended, as the event of its end has it. */
export type JobEnd = { readonly result: unknown } | { readonly failedReason: string };

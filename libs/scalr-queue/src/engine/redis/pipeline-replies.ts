import { isWrongType } from './damaged-entries.js';

/** What `exec` of a pipeline resolves with. */
export type PipelineReplies = [error: Error | null, value: unknown][] | null;

/** The replies of a pipeline; throws the first error among them. */
export function valuesOf(replies: PipelineReplies): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

/** The same, with undefined, which Redis never replies, for a key that holds something else than its command is for. */
export function readableValuesOf(replies: PipelineReplies): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error && !isWrongType(error)) throw error;
    return error ? undefined : value;
  });
}

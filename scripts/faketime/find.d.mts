/** Path of libfaketime.so.1, for LD_PRELOAD; undefined where it cannot be had. */
export function findFaketime(log?: (line: string) => void): Promise<string | undefined>;

import { storedTags } from '../../contract/tags.js';
import type { Glimpse } from '../glimpse.js';
import { nameOfStoredId } from '../job-id.js';
import { readMeta } from '../job-meta.js';
import { faultOfOptions } from '../stored-fault.js';

/** What GLIMPSE answers of a job. */
export type GlimpseReply = [
  storedId: string,
  bytes?: number,
  name?: string | null,
  opts?: string | null,
  data?: string | null,
];

/** Makes of it what can be made of it. Never throws. */
export function toGlimpse([storedId, bytes = 0, name, opts, data]: GlimpseReply): Glimpse {
  // The shortest payload is "null".
  if (bytes === 0 || !opts || faultOfOptions(opts)) return { storedId };
  const known = {
    name: name || (nameOfStoredId(storedId) ?? 'unknown'),
    tags: storedTags(readMeta(JSON.parse(opts) as object).tags),
    bytes,
  };
  if (typeof data !== 'string') return { storedId, known };
  try {
    return { storedId, known: { ...known, payload: JSON.parse(data) as unknown } };
  } catch {
    return { storedId };
  }
}

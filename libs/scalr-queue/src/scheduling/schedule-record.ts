import { createHash } from 'node:crypto';
import type { JobMeta } from '../engine/job-meta.js';
import type { MissedPolicy } from './schedule-options.js';

/**
 * A schedule as it is stored: everything that any worker, also one with older code, needs to enqueue its slots.
 * Durations are milliseconds.
 */
export interface ScheduleSpec {
  readonly name: string;
  /** Name of the job. */
  readonly job: string;
  readonly queue: string;
  readonly cron?: string;
  /** The expression as it stands in the code, where a parser of an older version would refuse it. */
  readonly written?: string;
  readonly tz?: string;
  readonly seconds?: boolean;
  readonly every?: number;
  readonly missed: MissedPolicy;
  /** The payload as the engine stores it. */
  readonly data: unknown;
  /** Options of the engine, less those that differ from slot to slot. */
  readonly options: Readonly<Record<string, unknown>> & { readonly scalr?: JobMeta };
  readonly expiresIn?: number;
}

/** A stored schedule and the mark that tells its versions apart. */
export interface VersionedSpec {
  readonly spec: ScheduleSpec;
  readonly revision: string;
}

const REVISION_LENGTH = 12;

export function versioned(spec: ScheduleSpec): VersionedSpec {
  const json = JSON.stringify(spec);
  return { spec, revision: createHash('sha256').update(json).digest('base64url').slice(0, REVISION_LENGTH) };
}

/** The revision comes first, so that a script finds it without reading the rest. */
export function encodeSpec({ spec, revision }: VersionedSpec): string {
  return `${revision} ${JSON.stringify(spec)}`;
}

/** The reverse of {@link encodeSpec}; undefined for what is none. */
export function decodeSpec(text: string): VersionedSpec | undefined {
  try {
    const spec = JSON.parse(text.slice(REVISION_LENGTH + 1)) as ScheduleSpec;
    return typeof spec?.name === 'string' ? { spec, revision: text.slice(0, REVISION_LENGTH) } : undefined;
  } catch {
    return undefined;
  }
}

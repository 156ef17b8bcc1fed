import { Injectable } from '@nestjs/common';
import type { DeadReason } from '../contract/job-info.js';
import { fromStoredId } from '../engine/job-id.js';
import type { DeadGroup, DeadGroups } from './dead-group.js';
import type { CheckedFilter } from './dead-letter.filter.js';
import { DeadLetterScanner, type ReadDeath } from './dead-letter.scanner.js';
import { type Fault, faultOf, fingerprintOf, shapeOf } from './fingerprint.js';

/** Groups that are told apart: more, and the messages have no shape that could be known again. */
const GROUP_LIMIT = 1_000;

type Growing = { -readonly [Key in keyof DeadGroup]: DeadGroup[Key] };

/** Counts dead jobs by what they died of. */
@Injectable()
export class DeadLetterGroups {
  constructor(private readonly scanner: DeadLetterScanner) {}

  /** Jobs are read newest first, so that the newest are counted where there are too many groups. */
  async count(filter: CheckedFilter): Promise<DeadGroups> {
    const groups = new Map<string, Growing>();
    let [jobs, rest] = [0, 0];
    for await (const slice of this.scanner.deaths(filter)) {
      jobs += slice.length;
      for (const dead of slice) if (!add(groups, dead)) rest++;
    }
    const sorted = [...groups.values()].toSorted((a, b) => b.jobs - a.jobs || +b.lastDiedAt - +a.lastDiedAt);
    return { groups: sorted, jobs, ...(rest > 0 ? { ungrouped: rest } : {}) };
  }
}

/** @returns false where it would make one group too many */
function add(groups: Map<string, Growing>, { position, death }: ReadDeath): boolean {
  const fault = faultOf(death);
  const shape = shapeOf(fault.error);
  const fingerprint = fingerprintOf(fault, shape);
  const diedAt = new Date(position.diedAt);
  const group = groups.get(fingerprint);
  if (group) {
    group.jobs++;
    group.firstDiedAt = diedAt;
    return true;
  }
  if (groups.size === GROUP_LIMIT) return false;
  groups.set(fingerprint, {
    fingerprint,
    ...descriptionOf(fault, shape),
    jobs: 1,
    firstDiedAt: diedAt,
    lastDiedAt: diedAt,
    lastId: fromStoredId(position.storedId),
  });
  return true;
}

function descriptionOf({ name, reason, error }: Fault, shape: string) {
  return {
    name,
    // What is stored of a job that others gave up may say that it is tried again.
    reason: reason === 'retrying' ? ('attempts' satisfies DeadReason) : reason,
    error: { name: error.name, message: shape, ...(error.code ? { code: error.code } : {}) },
  };
}

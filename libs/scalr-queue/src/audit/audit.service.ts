import { Injectable } from '@nestjs/common';
import type { AuditEntry } from '../contract/audit.js';
import { ENQUEUE_DEADLINE } from '../contract/defaults.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { AuditRecord } from '../engine/audit-records.js';
import { withDeadline } from '../engine/deadline.js';
import { QueueEngine } from '../engine/queue.engine.js';

/** Which page of the acts. */
export interface AuditPage {
  /** Entries on the page, 1 to 1,000. Defaults to 50. */
  readonly limit?: number;
  /** What the page before returned; left out for the first. */
  readonly cursor?: string;
}

const check = new OptionChecker(InvalidOptionError);

/** Who did what to the jobs, queues and schedules of the app: about the last 10,000 acts, from any process, the command line included. */
@Injectable()
export class AuditService {
  /** @internal */
  constructor(private readonly engine: QueueEngine) {}

  /**
   * A page of entries, the newest first.
   *
   * @returns the entries, and the cursor of the next page unless this is the last
   * @throws InvalidOptionError; QueueUnavailableError within 1.1 s when Redis does not answer
   */
  async list(page: AuditPage = {}): Promise<{ entries: AuditEntry[]; cursor?: string }> {
    const given = check.object('the page', page, ['limit', 'cursor']);
    const limit = given.limit === undefined ? 50 : check.integer('limit', given.limit, 1, 1_000);
    const before = given.cursor === undefined ? undefined : cursorIn(given.cursor);
    const found = await this.bounded(() => this.engine.audit.page(limit + 1, before));
    const shown = found.slice(0, limit);
    const entries = shown.flatMap(entryOf);
    return found.length > limit ? { entries, cursor: shown.at(-1)!.id } : { entries };
  }

  private async bounded<T>(read: () => Promise<T>): Promise<T> {
    await this.engine.usable('read');
    const late = () => new QueueUnavailableError(`Redis did not answer within ${ENQUEUE_DEADLINE} ms`);
    return withDeadline(read(), ENQUEUE_DEADLINE + 50, late).catch(async (error: unknown) => {
      throw await this.engine.readError(error);
    });
  }
}

function cursorIn(cursor: unknown): string {
  if (typeof cursor !== 'string' || !/^\d{1,16}-\d{1,16}$/.test(cursor))
    return check.fail('cursor', 'the cursor of an earlier page', cursor);
  return cursor;
}

/** Nothing for an entry that is not of this library, or damaged. */
function entryOf({ id, text }: AuditRecord): AuditEntry[] {
  try {
    const entry = JSON.parse(text) as Omit<AuditEntry, 'id' | 'at'> & { at: number };
    const at = new Date(entry.at);
    if (Number.isNaN(+at) || typeof entry.action !== 'string' || typeof entry.what !== 'object') return [];
    return [{ ...entry, id, at }];
  } catch {
    return [];
  }
}

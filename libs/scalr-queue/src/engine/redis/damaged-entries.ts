import { Logger } from '@nestjs/common';
import { ENTRY_UNREADABLE } from '../../contract/errors/stored-data.error.js';

/** Entries that are remembered, so that each is reported once. */
const MAX_NOTED_ENTRIES = 1_000;
const SHOWN_CHARACTERS = 120;

/** Entries in Redis that cannot be read and are left out: reported once each, so that nobody looks for what is missing in vain. */
export class DamagedEntries {
  private readonly logger = new Logger('ScalrQueue');
  private readonly noted = new Set<string>();

  /** @param entry its key, and what in it is meant */
  readonly note = (entry: string, why: string): void => {
    const line = `${entry.slice(0, SHOWN_CHARACTERS)} cannot be read and is left out: ${why}. Repair it, or delete it.`;
    if (this.noted.has(line) || this.noted.size >= MAX_NOTED_ENTRIES) return;
    this.noted.add(line);
    this.logger.warn(`[${ENTRY_UNREADABLE}] ${line}`);
  };

  /** All that were met so far. */
  get lines(): readonly string[] {
    return [...this.noted];
  }
}

/** Whether Redis holds something else under a key than a command is for. Upstream: Redis 6.2 has that code within the text of a script. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && /\bWRONGTYPE\b/.test(error.message);
}

/** What a read gives; the substitute, and a note, where the key holds something else. */
export async function orDamaged<T>(
  reading: Promise<T>,
  substitute: T,
  key: string,
  note: DamagedEntries['note'],
): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!isWrongType(error)) throw error;
    note(key, 'it is of another type');
    return substitute;
  }
}

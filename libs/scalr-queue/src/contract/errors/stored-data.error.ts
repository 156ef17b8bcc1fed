import { ScalrQueueError } from './scalr-queue.error.js';

/** Redis answered, but what it holds under a key of the app is not what this library writes: the one thing asked for is damaged. */
export class StoredDataError extends ScalrQueueError {
  readonly code = 'STORED_DATA_UNREADABLE';
}

/** What stands in front of each line about an entry that cannot be read. */
export const ENTRY_UNREADABLE = 'ENTRY_UNREADABLE';

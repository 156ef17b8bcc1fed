/** Where the memory of an app goes: sampled, so about. */
export interface AppMemory {
  readonly app: string;
  readonly at: Date;
  /** Whether all keys were seen before the time was over. Bytes are too few otherwise. */
  readonly complete: boolean;
  readonly keys: number;
  readonly bytes: number;
  /** The largest first. */
  readonly parts: readonly MemoryPart[];
  /** The largest jobs among those that were measured. */
  readonly largest: readonly { readonly queue: string; readonly storedId: string; readonly bytes: number }[];
  /** Unique keys that are taken. */
  readonly unique: {
    readonly count: number;
    /** The oldest of those that were looked at. */
    readonly oldest: readonly UniqueKey[];
  };
}

/** Keys of one kind. */
export interface MemoryPart {
  /** Absent for what belongs to no queue. */
  readonly queue?: string;
  /** Jobs, or one of the other things that are stored. */
  readonly what: 'jobs' | 'lists' | 'events' | 'logs' | 'locks' | 'unique keys' | 'other' | 'of the app';
  /** Of jobs, which. */
  readonly kind?: string;
  readonly keys: number;
  /** About, of all of them. */
  readonly bytes: number;
}

/** A unique key that is taken, and by which job. */
export interface UniqueKey {
  readonly queue: string;
  readonly storedId: string;
  /** When its job was enqueued, where its id tells. */
  readonly since?: Date;
}

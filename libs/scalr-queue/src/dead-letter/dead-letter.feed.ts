import type { DeadPosition } from '../engine/dead-position.js';
import { compare } from './dead-letter.cursor.js';

/** Reads at most `limit` entries of a queue's dead jobs from a time (inclusive, newest first), leaving out the first `offset`. */
export type ReadDead = (newest: number, offset: number, limit: number) => Promise<DeadPosition[]>;

/** The dead jobs of one queue behind a place, newest first, read a slice at a time. */
export class DeadLetterFeed {
  private buffer: DeadPosition[] = [];
  private exhausted = false;

  constructor(
    private readonly read: ReadDead,
    private readonly slice: number,
    private readonly newest: number,
    private behind?: DeadPosition,
  ) {}

  /** The next one; undefined at the end, and while {@link fill} is needed. */
  get head(): DeadPosition | undefined {
    return this.buffer.at(-1);
  }

  get needsFilling(): boolean {
    return this.buffer.length === 0 && !this.exhausted;
  }

  take(): DeadPosition {
    this.behind = this.buffer.pop()!;
    return this.behind;
  }

  async fill(): Promise<void> {
    const { behind } = this;
    const newest = Math.min(this.newest, behind?.diedAt ?? Infinity);
    for (let offset = 0; this.needsFilling; offset += this.slice) {
      const read = await this.read(newest, offset, this.slice);
      this.exhausted = read.length < this.slice;
      // Thousands can have died in the same millisecond as the last one: those in front of it are passed over.
      const rest = behind ? read.filter((position) => compare(position, behind) > 0) : read;
      this.buffer = rest.toReversed();
    }
  }
}

import { ReplyError } from 'ioredis';
import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { FieldChange, HistoryStrings, StringChange, StringSlice } from '../history-strings.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { historyKey } from './keys.js';
import { readableValuesOf } from './pipeline-replies.js';

/** A command of the process itself, and of no script. */
const BITFIELD = 'BITFIELD';
const NOTHING = Buffer.alloc(0);

/** A string of Redis each, with BITFIELD: no number is read to be written, so that any number of workers can count at once. */
export class RedisHistoryStrings implements HistoryStrings {
  constructor(
    private readonly connections: RedisConnections,
    private readonly app: Pick<ResolvedOptions, 'prefix'>,
  ) {}

  async write(changes: readonly StringChange[]): Promise<(readonly number[] | Error)[]> {
    const pipeline = this.connections.producer.pipeline();
    for (const { string, bits, fields, expireIn } of changes) {
      const key = historyKey(this.app.prefix, string);
      const words = fields.flatMap((field) => toWords(field, bits));
      pipeline.call(BITFIELD, key, 'OVERFLOW', 'SAT', ...words);
      if (expireIn !== undefined) pipeline.pexpire(key, expireIn);
    }
    const replies = (await pipeline.exec()) ?? [];
    let at = 0;
    return changes.map(({ expireIn }) => {
      const [error, values] = replies[at] ?? [new Error('no answer'), undefined];
      at += expireIn === undefined ? 1 : 2;
      // The others say nothing about the string: the connection was lost, and it may have been written.
      if (error && !(error instanceof ReplyError)) throw error;
      return error ?? (values as number[]);
    });
  }

  async read(slices: readonly StringSlice[]): Promise<Uint8Array[]> {
    const pipeline = this.connections.producer.pipeline();
    for (const { string, from, to } of slices)
      pipeline.getrangeBuffer(historyKey(this.app.prefix, string), from, to - 1);
    const values = readableValuesOf(await pipeline.exec());
    return values.map((value) => (value as Buffer | undefined) ?? NOTHING);
  }
}

function toWords({ act, index, value }: FieldChange, bits: number): (string | number)[] {
  const most = 2 ** bits - 1;
  // A setting would wrap around, whatever OVERFLOW says of it.
  return [act === 'add' ? 'INCRBY' : 'SET', `u${bits}`, `#${index}`, Math.min(value, most)];
}

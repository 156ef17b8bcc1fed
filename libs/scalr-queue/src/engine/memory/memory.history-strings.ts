import type {
  FieldChange,
  HistoryString,
  HistoryStrings,
  StringChange,
  StringSlice,
} from '../history-strings.js';

/** The history in the memory of the process, bit by bit as Redis packs it. Nothing expires: a test is over before. */
export class MemoryHistoryStrings implements HistoryStrings {
  private readonly strings = new Map<string, Uint8Array>();

  async write(changes: readonly StringChange[]): Promise<number[][]> {
    return changes.map(({ string, bits, fields }) => fields.map((field) => this.apply(string, bits, field)));
  }

  async read(slices: readonly StringSlice[]): Promise<Uint8Array[]> {
    return slices.map(
      ({ string, from, to }) => this.strings.get(nameOf(string))?.slice(from, to) ?? new Uint8Array(),
    );
  }

  private apply(string: HistoryString, bits: number, { act, index, value }: FieldChange): number {
    const bytes = this.bytesOf(string, Math.ceil(((index + 1) * bits) / 8));
    const before = numberAt(bytes, bits, index);
    const after = Math.min(act === 'add' ? before + value : value, 2 ** bits - 1);
    for (let bit = 0; bit < bits; bit++) {
      const at = index * bits + bit;
      const isSet = Math.floor(after / 2 ** (bits - 1 - bit)) % 2 === 1;
      const mask = 0x80 >> (at % 8);
      bytes[at >> 3] = isSet ? bytes[at >> 3]! | mask : bytes[at >> 3]! & ~mask;
    }
    return act === 'add' ? after : before;
  }

  private bytesOf(string: HistoryString, length: number): Uint8Array {
    const name = nameOf(string);
    const known = this.strings.get(name);
    if (known && known.length >= length) return known;
    const grown = new Uint8Array(length);
    grown.set(known ?? []);
    this.strings.set(name, grown);
    return grown;
  }
}

const nameOf = ({ series, of, day }: HistoryString): string => `${series}:${of}:${day}`;

function numberAt(bytes: Uint8Array, bits: number, index: number): number {
  let number = 0;
  for (let at = index * bits; at < (index + 1) * bits; at++)
    number = number * 2 + ((bytes[at >> 3]! >> (7 - (at % 8))) & 1);
  return number;
}

/**
 * A map whose values come and go by the thousand, such as the jobs that run. A plain Map makes a new table each time that it has had as many
 * entries as it has room for, and V8 lets every table of a map that is old be old as well: what a former one still names, and is long out of
 * the map, survives until the next collection of everything. Here such a table names keys and places only.
 */
export class SlotMap<K extends string | number, V extends object> {
  /** In the order in which they came. */
  private readonly places = new Map<K, number>();
  private readonly slots: (V | undefined)[] = [];
  private readonly free: number[] = [];

  get size(): number {
    return this.places.size;
  }

  get(key: K): V | undefined {
    const place = this.places.get(key);
    return place === undefined ? undefined : this.slots[place];
  }

  set(key: K, value: V): void {
    let place = this.places.get(key);
    if (place === undefined) this.places.set(key, (place = this.free.pop() ?? this.slots.length));
    this.slots[place] = value;
  }

  delete(key: K): void {
    const place = this.places.get(key);
    if (place === undefined) return;
    this.places.delete(key);
    this.slots[place] = undefined;
    this.free.push(place);
  }

  *values(): Generator<V> {
    for (const place of this.places.values()) yield this.slots[place]!;
  }
}

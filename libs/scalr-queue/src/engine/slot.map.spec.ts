import { SlotMap } from './slot.map.js';

const named = (name: string) => ({ name });

describe('a slot map', () => {
  it('has what was put under a key last, in the order of the keys', () => {
    const map = new SlotMap<string, { name: string }>();
    for (const key of ['a', 'b', 'c']) map.set(key, named(key));
    map.delete('b');
    map.delete('unknown');
    map.set('d', named('d'));
    map.set('a', named('again'));
    expect(map.size).toBe(3);
    expect(map.get('b')).toBeUndefined();
    expect(map.get('d')).toEqual(named('d'));
    expect([...map.values()].map(({ name }) => name)).toEqual(['again', 'c', 'd']);
  });

  it('holds nothing of what has left, and needs no more room than for those that were in it at a time', () => {
    const map = new SlotMap<number, { name: string }>();
    for (let key = 0; key < 1_000; key++) {
      map.set(key, named(`n${key}`));
      if (key >= 10) map.delete(key - 10);
    }
    const { slots } = map as unknown as { slots: unknown[] };
    expect(slots.length).toBeLessThanOrEqual(11);
    expect(slots.filter((one) => one !== undefined)).toHaveLength(10);
  });

  it('may be changed while it is gone through', () => {
    const map = new SlotMap<number, { name: string }>();
    for (let key = 0; key < 3; key++) map.set(key, named(`n${key}`));
    const seen: string[] = [];
    for (const { name } of map.values()) {
      seen.push(name);
      map.delete(0);
      map.delete(1);
    }
    expect(seen).toEqual(['n0', 'n2']);
  });
});

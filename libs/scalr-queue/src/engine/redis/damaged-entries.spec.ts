import { Logger } from '@nestjs/common';
import { DamagedEntries, orDamaged } from './damaged-entries.js';

describe('entries that cannot be read', () => {
  const warned: string[] = [];
  beforeEach(() => {
    warned.length = 0;
    vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void warned.push(String(line)));
  });
  afterEach(() => void vi.restoreAllMocks());

  it('are told once each, and not without end', () => {
    const damaged = new DamagedEntries();
    for (let time = 0; time < 3; time++) damaged.note('scalr:{a}:q:7', 'it is no job');
    expect(warned).toEqual([
      '[ENTRY_UNREADABLE] scalr:{a}:q:7 cannot be read and is left out: it is no job. Repair it, or delete it.',
    ]);
    for (let entry = 0; entry < 1_100; entry++) damaged.note(`key-${entry}`, 'it is no job');
    expect(warned).toHaveLength(1_000);
    expect(damaged.lines).toHaveLength(1_000);
  });

  it('are shown by the beginning of their name', () => {
    new DamagedEntries().note('k'.repeat(5_000), 'it is no job');
    expect(warned[0]!.length).toBeLessThan(300);
  });

  it('have a substitute where the key holds something else, and no other failure has', async () => {
    const notes: string[][] = [];
    const note = (...args: [string, string]) => void notes.push(args);
    const wrong = Promise.reject(new Error('WRONGTYPE Operation against a key'));
    expect(await orDamaged<string[]>(wrong, [], 'a', note)).toEqual([]);
    expect(notes).toEqual([['a', 'it is of another type']]);
    const away = Promise.reject(new Error('Connection is closed.'));
    await expect(orDamaged<string[]>(away, [], 'a', note)).rejects.toThrow('closed');
    expect(await orDamaged(Promise.resolve(['x']), [], 'a', note)).toEqual(['x']);
  });
});

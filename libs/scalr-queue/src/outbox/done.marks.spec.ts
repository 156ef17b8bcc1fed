import { DoneMarks } from './done.marks.js';
import type { OutboxDatabase } from './outbox.database.js';
import { OutboxStatements } from './outbox.statements.js';

function marksOf(query: (ids: string[]) => Promise<void>) {
  const told: unknown[] = [];
  const database = {
    query: async (_text: string, [, , ids]: [string, string[], string[]]) => {
      await query(ids);
      return { rows: [] };
    },
  } as unknown as OutboxDatabase;
  return {
    told,
    marks: new DoneMarks('app', database, new OutboxStatements('scalr_queue'), (error) => told.push(error)),
  };
}

afterEach(() => void vi.useRealTimers());

it('writes what has ended once a second, all in one statement', async () => {
  vi.useFakeTimers();
  const written: string[][] = [];
  const { marks } = marksOf(async (ids) => void written.push(ids));
  marks.add('job', 'a');
  marks.add('job', 'b');
  await vi.advanceTimersByTimeAsync(999);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(written).toEqual([['a', 'b']]);
  marks.add('job', 'c');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([['a', 'b'], ['c']]);
});

it('keeps what PostgreSQL did not take, and writes it again', async () => {
  vi.useFakeTimers();
  const written: string[][] = [];
  let isAway = true;
  const { marks, told } = marksOf(async (ids) => {
    if (isAway) throw new Error('away');
    written.push(ids);
  });
  marks.add('job', 'a');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual([new Error('away')]);
  isAway = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([['a']]);
});

it('loses none when it is flushed while it writes', async () => {
  vi.useFakeTimers();
  const written: string[][] = [];
  const waiting: (() => void)[] = [];
  const { marks } = marksOf(async (ids) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    written.push(ids);
  });
  marks.add('job', 'a');
  await vi.advanceTimersByTimeAsync(1_000);
  const flushed = marks.flush();
  marks.add('job', 'b');
  while (written.flat().length < 2) {
    await vi.advanceTimersByTimeAsync(1);
    waiting.shift()?.();
  }
  await flushed;
  expect(written.flat()).toEqual(['a', 'b']);
  await marks.close();
  marks.add('job', 'late');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(written.flat()).toEqual(['a', 'b']);
});

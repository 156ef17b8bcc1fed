import type { Job } from 'bullmq';
import { ReadyLine } from './ready-line.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function startLine(...ids: string[]) {
  const late = vi.fn<() => void>();
  const line = new ReadyLine(late);
  const jobOf = (id: string) => ({ id, token: `token of ${id}` }) as Job;
  for (const id of ids) line.add(jobOf(id));
  return { line, late, jobOf };
}

describe('jobs that are to start', () => {
  it('leave in the order in which they came, and know when they did', () => {
    const { line, jobOf } = startLine('a');
    const first = performance.now();
    vi.advanceTimersByTime(7);
    line.add(jobOf('b'));
    expect(line.names).toEqual(['a', 'token of a', 'b', 'token of b']);
    expect(line.shift()).toMatchObject({ job: { id: 'a' }, at: first });
    expect(line.shift()).toMatchObject({ job: { id: 'b' }, at: first + 7 });
    expect(line.shift()).toBeUndefined();
  });

  it('are found, and dropped, by their id', () => {
    const { line } = startLine('a', 'b', 'c');
    expect(line.find('b')?.id).toBe('b');
    expect(line.drop('b')?.id).toBe('b');
    expect(line.drop('b')).toBeUndefined();
    expect(line.find('b')).toBeUndefined();
    expect(line.clear().map(({ id }) => id)).toEqual(['a', 'c']);
    expect(line.length).toBe(0);
  });

  it('are late when the first one has waited for 25 ms, and not before', () => {
    const { line, late, jobOf } = startLine('a');
    line.watch();
    vi.advanceTimersByTime(24);
    expect(late).not.toHaveBeenCalled();
    line.shift();
    line.add(jobOf('b'));
    // At the first look that one is new.
    vi.advanceTimersByTime(1);
    expect(late).not.toHaveBeenCalled();
    vi.advanceTimersByTime(25);
    expect(late).toHaveBeenCalledOnce();
  });

  it('are not watched any more when there are none', () => {
    const { line, late } = startLine('a');
    line.watch();
    line.clear();
    vi.advanceTimersByTime(100);
    expect(late).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

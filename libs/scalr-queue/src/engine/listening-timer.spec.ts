import { afterListening } from './listening-timer.js';

describe('a timer that lets the process listen first', () => {
  let now = 0;
  beforeEach(() => {
    now = 0;
    vi.useFakeTimers();
    vi.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it('fires at its time', () => {
    const work = vi.fn<() => void>();
    afterListening(1_000, work);
    vi.advanceTimersByTime(999);
    expect(work).not.toHaveBeenCalled();
    now = 1_050;
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits a quarter of a second more in a process that was blocked', () => {
    const work = vi.fn<() => void>();
    afterListening(1_000, work);
    now = 5_000;
    vi.advanceTimersByTime(1_000);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(249);
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('can be called off, before its time and in that quarter', () => {
    const work = vi.fn<() => void>();
    afterListening(1_000, work)();
    const cancel = afterListening(1_000, work);
    now = 5_000;
    vi.advanceTimersByTime(1_100);
    cancel();
    vi.advanceTimersByTime(1_000);
    expect(work).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

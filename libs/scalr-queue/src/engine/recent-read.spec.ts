import { RecentRead } from './recent-read.js';

describe('a read that probes share', () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    vi.useFakeTimers();
    vi.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** A read of whatever the test says, and how often it was done. */
  function reading(answer: () => Promise<string>) {
    const engine = { ready: true, readError: async (error: unknown) => error as Error };
    const read = vi.fn<() => Promise<string>>(answer);
    return { engine, read, recent: new RecentRead(engine, read) };
  }

  it('is done once a second, however many ask', async () => {
    let answer = 'first';
    const { read, recent } = reading(async () => answer);
    expect(await Promise.all([recent.get(), recent.get()])).toEqual(['first', 'first']);
    answer = 'second';
    now += 999;
    expect(await recent.get()).toBe('first');
    expect(read).toHaveBeenCalledTimes(1);
    now += 1;
    expect(await recent.get()).toBe('second');
    expect(read).toHaveBeenCalledTimes(2);
    expect(recent.failure).toBeUndefined();
  });

  it('is not done, nor remembered, while the engine is away', async () => {
    const { engine, read, recent } = reading(async () => 'told');
    engine.ready = false;
    await expect(recent.get()).resolves.toBeUndefined();
    expect(read).not.toHaveBeenCalled();
    engine.ready = true;
    expect(await recent.get()).toBe('told');
    engine.ready = false;
    expect(await recent.get()).toBeUndefined();
  });

  it('tells nothing when it fails, and why', async () => {
    const { engine, recent } = reading(() => Promise.reject(new Error('refused')));
    engine.readError = async (error) => new Error('no access', { cause: error });
    expect(await recent.get()).toBeUndefined();
    expect(recent.failure).toEqual(new Error('no access', { cause: new Error('refused') }));
  });

  it('tells nothing after 800 ms, whatever the engine does', async () => {
    const { recent } = reading(() => new Promise(() => undefined));
    const told = vi.fn<(value: unknown) => void>();
    void recent.get().then(told);
    now += 800;
    await vi.advanceTimersByTimeAsync(799);
    expect(told).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toHaveBeenCalledWith(undefined);
    expect(recent.failure).toMatchObject({ message: 'Redis did not answer within 800 ms' });
  });
});

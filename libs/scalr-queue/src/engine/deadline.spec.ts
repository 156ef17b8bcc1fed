import { settlesWithin } from './deadline.js';

describe('work that is waited for', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['well', () => Promise.resolve(0)],
    ['with an error', () => Promise.reject(new Error('no'))],
  ])('settles in time %s, and leaves no timer', async (_how, work) => {
    expect(await settlesWithin(work(), 100)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes on when its time is over, and its late failure is nobody's", async () => {
    let fail = (_error: Error) => {};
    const work = new Promise<void>((_resolve, reject) => (fail = reject));
    const inTime = settlesWithin(work, 100);
    vi.advanceTimersByTime(100);
    expect(await inTime).toBe(false);
    fail(new Error('late'));
    await expect(work).rejects.toThrow('late');
  });
});

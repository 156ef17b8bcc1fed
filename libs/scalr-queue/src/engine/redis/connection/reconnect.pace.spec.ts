import type { RedisClient } from './redis.client.js';
import { ReconnectPace } from './reconnect.pace.js';

/** One that waits for its turn, as far as the pace looks at it. */
function waiting(status = 'reconnecting') {
  const timer = setTimeout(() => undefined, 60_000);
  const connect = vi.fn<() => Promise<void>>(() => Promise.resolve());
  return { client: { status, reconnectTimeout: timer, connect } as unknown as RedisClient, connect };
}

describe('the pace of connecting again', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is soon for the first try of each, whatever their number', () => {
    const pace = new ReconnectPace();
    for (let client = 0; client < 20; client++) {
      expect(pace.delay(1)).toBeGreaterThanOrEqual(100);
      expect(pace.delay(1)).toBeLessThanOrEqual(200);
    }
  });

  it('is one turn after the other from then on: less than two a second, of all together', () => {
    const pace = new ReconnectPace();
    const turns = Array.from({ length: 20 }, () => pace.delay(2));
    expect(turns[0]).toBeGreaterThanOrEqual(100);
    expect(turns[0]).toBeLessThanOrEqual(700);
    for (const [at, turn] of turns.entries()) {
      if (at === 0) continue;
      expect(turn - turns[at - 1]!).toBeGreaterThanOrEqual(509);
      expect(turn - turns[at - 1]!).toBeLessThanOrEqual(611);
    }
  });

  it('forgets turns that are over', () => {
    const pace = new ReconnectPace();
    for (let client = 0; client < 20; client++) pace.delay(2);
    vi.advanceTimersByTime(60_000);
    expect(pace.delay(5)).toBeLessThanOrEqual(200);
  });

  it('lets all others try when one is ready, those that wait, and not again within half a second', () => {
    const pace = new ReconnectPace();
    const [first, second] = [waiting(), waiting()];
    const [closed, connected] = [waiting('end'), waiting('ready')];
    const clients = [first, second, closed, connected].map(({ client }) => client);
    pace.hurry(clients);
    expect(first.connect).toHaveBeenCalledTimes(1);
    expect(second.connect).toHaveBeenCalledTimes(1);
    expect(closed.connect).not.toHaveBeenCalled();
    expect(connected.connect).not.toHaveBeenCalled();
    // Its timer is gone: it would open a connection that was closed meanwhile.
    expect(vi.getTimerCount()).toBe(2);
    const late = waiting();
    vi.advanceTimersByTime(509);
    pace.hurry([late.client]);
    expect(late.connect).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    pace.hurry([late.client]);
    expect(late.connect).toHaveBeenCalledTimes(1);
  });
});

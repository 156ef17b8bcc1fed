import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { InFlightLimit } from './in-flight.limit.js';

const IN_FLIGHT = 2_000;
const LINE = 8_000;

/** So many calls that do not end before they are told to. */
function pending(limit: InFlightLimit, count: number, deadline = performance.now() + 60_000) {
  const ends: (() => void)[] = [];
  const send = () => new Promise<void>((resolve) => void ends.push(resolve));
  const calls = Array.from({ length: count }, () => limit.run(deadline, send));
  return { ends, calls };
}

describe('the limit of calls in flight', () => {
  it('lets the next one go when one ends, in order', async () => {
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT);
    const order: number[] = [];
    const later = [1, 2].map((place) =>
      limit.run(performance.now() + 60_000, async () => void order.push(place)),
    );
    await turn();
    expect(order).toEqual([]);
    ends[0]!();
    await Promise.all(later);
    expect(order).toEqual([1, 2]);
    for (const end of ends) end();
    await Promise.all(calls);
  });

  it('refuses at once what would be too many in the line, before anything is sent', async () => {
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT + LINE);
    let sent = false;
    expect(() => limit.admit()).toThrow(QueueUnavailableError);
    await expect(
      limit.run(performance.now() + 60_000, async () => void (sent = true)),
    ).rejects.toBeInstanceOf(QueueUnavailableError);
    expect(sent).toBe(false);
    // Each that ends lets one of the line go.
    for (let next = 0; next < IN_FLIGHT + LINE; next++) {
      if (next >= ends.length) await turn();
      ends[next]!();
    }
    await Promise.all(calls);
    expect(() => limit.admit()).not.toThrow();
  });

  it('gives up those whose time is over, without sending them, and the others go on', async () => {
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT);
    let sent = false;
    const soon = limit.run(performance.now() + 20, async () => void (sent = true));
    const late = limit.run(performance.now() + 60_000, async () => 'done');
    await expect(soon).rejects.toBeInstanceOf(QueueUnavailableError);
    expect(sent).toBe(false);
    for (const end of ends) end();
    expect(await late).toBe('done');
    await Promise.all(calls);
  });

  it('takes the place of a call that failed back', async () => {
    const limit = new InFlightLimit();
    const fail = () => Promise.reject(new Error('refused'));
    for (let wave = 0; wave < 3; wave++) {
      const calls = Array.from({ length: IN_FLIGHT }, () => limit.run(performance.now() + 60_000, fail));
      for (const { status } of await Promise.allSettled(calls)) expect(status).toBe('rejected');
    }
    // Without a turn: there is a place.
    let sent = false;
    const call = limit.run(performance.now() + 60_000, async () => void (sent = true));
    expect(sent).toBe(true);
    await call;
  });

  it('takes whoever aborts out of the line, and leaves nothing on its signal', async () => {
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT);
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('gone');
    let sent = 0;
    const inLine = () => limit.run(performance.now() + 60_000, async () => void sent++, signal);
    const first = inLine();
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    const { signal: quiet } = new AbortController();
    const patient = limit.run(performance.now() + 60_000, async () => void sent++, quiet);
    expect(getEventListeners(quiet, 'abort')).toHaveLength(1);
    for (const end of ends) end();
    await Promise.all([patient, ...calls]);
    expect(sent).toBe(1);
    expect([...getEventListeners(signal, 'abort'), ...getEventListeners(quiet, 'abort')]).toEqual([]);
  });

  it('lets at most two thousand calls go at a time, and eight thousand wait', async () => {
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT + LINE - 1);
    expect(ends).toHaveLength(IN_FLIGHT);
    expect(() => limit.admit()).not.toThrow();
    const last = limit.run(performance.now() + 60_000, async () => undefined);
    expect(() => limit.admit()).toThrow('2000 calls are waiting for it. Nothing was enqueued');
    for (let next = 0; next < IN_FLIGHT + LINE - 1; next++) {
      if (next >= ends.length) await turn();
      ends[next]!();
    }
    await Promise.all([last, ...calls]);
  });

  it('gives a place that gets free to one call only', async () => {
    const limit = new InFlightLimit();
    const first = pending(limit, IN_FLIGHT);
    const line = pending(limit, 3);
    await turn();
    for (const [at, end] of first.ends.slice(0, 3).entries()) {
      expect(line.ends).toHaveLength(at);
      end();
      await turn();
    }
    expect(line.ends).toHaveLength(3);
    for (const end of [...first.ends, ...line.ends]) end();
    await Promise.all([...first.calls, ...line.calls]);
  });

  it('loses no place to a call that has given up', async () => {
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT);
    const controller = new AbortController();
    const gone = limit.run(performance.now() + 60_000, async () => undefined, controller.signal);
    controller.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    ends[0]!();
    await turn();
    let sent = false;
    const next = limit.run(performance.now() + 60_000, async () => void (sent = true));
    expect(sent).toBe(true);
    for (const end of ends) end();
    await Promise.all([next, ...calls]);
  });

  it('sends nothing whose time is over when its turn comes, in a process that was blocked', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT);
    let sent = false;
    const late = limit.run(performance.now() + 60_000, async () => void (sent = true));
    const refused = late.catch((error: unknown) => error);
    // No timer has fired meanwhile.
    vi.advanceTimersByTime(60_001);
    for (const end of ends) end();
    expect(await refused).toBeInstanceOf(QueueUnavailableError);
    expect(sent).toBe(false);
    await Promise.all(calls);
    expect(() => limit.admit()).not.toThrow();
  });

  it('lets each of the line go at its own time', async () => {
    const limit = new InFlightLimit();
    const { ends, calls } = pending(limit, IN_FLIGHT);
    const send = async () => undefined;
    const line = [20, 40, 60].map((ms) => limit.run(performance.now() + ms, send));
    for (const { status } of await Promise.allSettled(line)) expect(status).toBe('rejected');
    for (const end of ends) end();
    await Promise.all(calls);
  });
});

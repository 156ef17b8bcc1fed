import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { onAbort, unlessAborted, untilAborted } from './abort.watch.js';
import { withDeadline } from './deadline.js';

const reason = new Error('the client has gone');
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;
const never = () => new Promise<never>(() => undefined);

describe('a signal that is watched', () => {
  it('has one listener for all, which goes with the last', () => {
    const { signal } = new AbortController();
    const forget = [1, 2, 3].map(() => onAbort(signal, () => undefined));
    expect(listenersOf(signal)).toBe(1);
    for (const [at, one] of forget.entries()) {
      one();
      one();
      expect(listenersOf(signal)).toBe(at < 2 ? 1 : 0);
    }
    onAbort(signal, () => undefined)();
    expect(listenersOf(signal)).toBe(0);
  });

  it('calls all that still watch, once, and none that does not', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const called: string[] = [];
    onAbort(signal, () => called.push('a'));
    onAbort(signal, () => called.push('b'))();
    const late = onAbort(signal, () => called.push('c'));
    controller.abort(reason);
    late();
    expect(called).toEqual(['a', 'c']);
    expect(listenersOf(signal)).toBe(0);
  });
});

describe.each<[string, (work: Promise<unknown>, signal?: AbortSignal) => Promise<unknown>]>([
  ['unlessAborted', unlessAborted],
  ['withDeadline', (work, signal) => withDeadline(work, 60_000, () => new Error('late'), signal)],
])('%s', (_name, wait) => {
  it('leaves no listener behind, whatever the outcome', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    expect(await wait(Promise.resolve(7), signal)).toBe(7);
    await turn();
    expect(listenersOf(signal)).toBe(0);
    await expect(wait(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
    await turn();
    expect(listenersOf(signal)).toBe(0);
    const waiting = wait(never(), signal);
    expect(listenersOf(signal)).toBe(1);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await turn();
    expect(listenersOf(signal)).toBe(0);
    await expect(wait(never(), signal)).rejects.toBe(reason);
    expect(listenersOf(signal)).toBe(0);
    expect(await wait(Promise.resolve(8))).toBe(8);
  });
});

describe('withDeadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives up at its time, not before, and takes its listener along', async () => {
    const { signal } = new AbortController();
    const settled = vi.fn<() => void>();
    const waiting = withDeadline(never(), 1_000, () => new Error('late'), signal);
    waiting.catch(settled);
    await vi.advanceTimersByTimeAsync(999);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2);
    await expect(waiting).rejects.toThrow('late');
    expect(listenersOf(signal)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind when the work is done', async () => {
    await withDeadline(Promise.resolve(), 1_000, () => new Error('late'));
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('untilAborted', () => {
  it('gives the items and ends with their source, without a listener', async () => {
    const { signal } = new AbortController();
    const seen: number[] = [];
    async function* source() {
      yield 1;
      yield 2;
    }
    for await (const item of untilAborted(source(), signal)) seen.push(item);
    expect(seen).toEqual([1, 2]);
    expect(listenersOf(signal)).toBe(0);
  });

  it('throws the reason though the next item never comes, and asks the source to end', async () => {
    const controller = new AbortController();
    let ended = false;
    async function* source() {
      try {
        yield 1;
        yield 2;
      } finally {
        ended = true;
      }
    }
    const items = untilAborted(source(), controller.signal);
    await items.next();
    controller.abort(reason);
    await expect(items.next()).rejects.toBe(reason);
    expect(ended).toBe(true);
    async function* hanging() {
      yield await never();
    }
    await expect(untilAborted(hanging(), controller.signal).next()).rejects.toBe(reason);
  });

  it('ends its source when its user breaks off, and waits for that', async () => {
    let ended = false;
    async function* source() {
      try {
        yield 1;
        yield 2;
      } finally {
        await new Promise(setImmediate);
        ended = true;
      }
    }
    for await (const item of untilAborted(source(), undefined)) if (item === 1) break;
    expect(ended).toBe(true);
  });
});

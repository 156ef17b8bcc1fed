interface Watch {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

/**
 * Calls `work` when the signal aborts. However many calls share a signal, it has one listener of ours: Node warns of more than ten.
 * @returns prevents the call; the last one takes the listener away
 */
export function onAbort(signal: AbortSignal, work: () => void): () => void {
  const watch = watches.get(signal) ?? begin(signal);
  const call = () => work();
  watch.calls.add(call);
  return () => {
    watch.calls.delete(call);
    if (watch.calls.size > 0 || watches.get(signal) !== watch) return;
    watches.delete(signal);
    signal.removeEventListener('abort', watch.listener);
  };
}

function begin(signal: AbortSignal): Watch {
  const calls = new Set<() => void>();
  const listener = () => {
    watches.delete(signal);
    for (const call of calls) call();
  };
  const watch = { calls, listener };
  watches.set(signal, watch);
  signal.addEventListener('abort', listener, { once: true });
  return watch;
}

/**
 * The outcome of `work`, or the reason of `signal` thrown when that aborts first. The work itself goes on; its late failure is swallowed.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    // What an application aborts with, as every API of the platform hands it on.
    const giveUp = () => reject(signal.reason as Error);
    const forget = onAbort(signal, giveUp);
    if (signal.aborted) {
      forget();
      giveUp();
    }
    void work.then(resolve, reject).finally(forget);
  });
}

/** The items of `source` until `signal` aborts; it then throws the reason, though the next item may never come. */
export async function* untilAborted<T>(
  source: AsyncGenerator<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const next = await unlessAborted(source.next(), signal);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    const end = source.return(undefined);
    // A source that hangs would hold the call up here.
    if (signal?.aborted) end.catch(() => undefined);
    else await end;
  }
}

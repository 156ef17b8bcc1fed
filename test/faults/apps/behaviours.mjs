import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const MEGABYTE = 1_048_576;

/** What a handler can be told to do, by the name in the payload. */
export const behaviours = {
  hold: ({ ms = 0 }) => (ms > 0 ? pause(ms) : undefined),
  /** Sees its signal, as a good handler does. */
  heed: ({ ms }, ctx) => pause(ms, undefined, { signal: ctx.signal }),
  gate: async ({ file }) => {
    while (!existsSync(file)) await pause(20);
  },
  crash: () => process.kill(process.pid, 'SIGKILL'),
  /** Runs long the first time it crashes, short when the file says that it did. */
  block: ({ ms }) => {
    const end = Date.now() + ms;
    while (Date.now() < end);
  },
  never: () => new Promise(() => {}),
  throw: ({ what }) => {
    throw thrown(what);
  },
  return: ({ what }) => returned(what),
  throwLater: async () => {
    setTimeout(() => {
      throw new Error('thrown by a timer of a handler');
    }, 100);
    await pause(60_000);
  },
};

function thrown(what) {
  if (what === 'text') return 'just a text';
  if (what === 'undefined') return undefined;
  return new Error('x'.repeat(2 * MEGABYTE));
}

function returned(what) {
  if (what === 'bigint') return 10n;
  if (what === 'huge') return 'x'.repeat(20 * MEGABYTE);
  const circular = {};
  circular.self = circular;
  return circular;
}

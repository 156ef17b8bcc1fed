// @ts-check

const requests = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const echo = 1_000;

/**
 * A signal that is aborted by Ctrl-C or by being told to end. Asking once more forces the end:
 * what we started then follows us by itself.
 *
 * @returns {AbortSignal}
 */
export function interruption() {
  const controller = new AbortController();
  let askedAt = 0;
  for (const name of requests) {
    process.on(name, () => {
      // One Ctrl-C can come twice: from the terminal, and again from npm, which passes it on.
      if (askedAt && Date.now() - askedAt > echo) process.exit(130);
      askedAt ||= Date.now();
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}

export class Interrupted extends Error {
  /** @param {string} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
  }
}

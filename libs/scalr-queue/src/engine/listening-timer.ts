/** A timer that comes so many milliseconds late tells of a process that was blocked. */
const BLOCKED_MS = 100;
/** Milliseconds that such a process gets to read what came meanwhile. */
const LISTENING_MS = 250;

/**
 * Calls `work` once, after `ms`. In a process that was blocked timers come before sockets: a reply that has long been there would be
 * taken for none. So the process gets a moment to listen first.
 *
 * @param ref whether the process stays alive for it
 * @returns prevents the call
 */
export function afterListening(ms: number, work: () => void, ref = true): () => void {
  const due = performance.now() + ms;
  const end = () => {
    if (performance.now() - due <= BLOCKED_MS) return work();
    start(work, LISTENING_MS);
  };
  let timer: NodeJS.Timeout;
  const start = (next: () => void, delay: number) => {
    timer = setTimeout(next, delay);
    if (!ref) timer.unref();
  };
  start(end, ms);
  return () => clearTimeout(timer);
}

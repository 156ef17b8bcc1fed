/** The job whose payload is about to be shown. */
interface PayloadOwner {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
}

/** Makes of a payload what may be shown of it: code of the app. */
export type PayloadHook = (payload: unknown, job: PayloadOwner) => unknown;

/** What the app's own hook shows of a payload, not masked yet. */
export function applyHook(payload: unknown, job: PayloadOwner, redact: PayloadHook): unknown {
  try {
    const shown = redact(payload, job);
    if (!(shown instanceof Promise)) return shown;
    shown.catch(() => undefined);
    return '[redacted: the hook must not return a promise]';
  } catch {
    return '[redacted: the hook failed]';
  }
}

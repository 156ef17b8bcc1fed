import type { Call, Route } from './router.js';
import { SharedRead } from './shared.read.js';

/** Answers that are kept. */
const KEPT = 200;

/** Answers of routes that are shared: however many look at the same page, it is read once. */
export class SharedAnswers {
  private readonly reads = new Map<string, SharedRead<unknown>>();

  get(route: Route, path: string, call: Call): unknown {
    const { sharedFor } = route;
    if (sharedFor === undefined) return route.answer(call);
    const { apps = null, payload } = call.viewer;
    const key = JSON.stringify([path, call.query.toString(), apps, payload]);
    const known = this.reads.get(key);
    const read = known ?? new SharedRead(async () => route.answer(call), sharedFor);
    // The one that was not asked for the longest time goes first.
    this.reads.delete(key);
    this.reads.set(key, read);
    for (const oldest of this.reads.keys()) {
      if (this.reads.size <= KEPT) break;
      this.reads.delete(oldest);
    }
    return read.get();
  }

  /** After something was changed: what was read before is not shown again. */
  forget(): void {
    this.reads.clear();
  }
}

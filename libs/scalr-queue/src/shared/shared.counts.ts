import { Injectable } from '@nestjs/common';

/** What became of a call of a limiter. */
export type LimitOutcome = 'granted' | 'denied' | 'open' | 'unavailable';
/** What became of a call of a lock. */
export type LockOutcome = 'acquired' | 'denied' | 'lost' | 'unavailable';

type Listener = (kind: 'limiter' | 'lock', name: string, outcome: LimitOutcome | LockOutcome) => void;

/** What this process asked of limiters and locks, for whoever counts. */
@Injectable()
export class SharedCounts {
  private listener: Listener = () => undefined;
  /** Whether anything here is used: nobody looks at what is shared otherwise. */
  used = false;

  /** Calls back for each call. */
  listen(listener: Listener): void {
    this.listener = listener;
  }

  limiter(name: string, outcome: LimitOutcome): void {
    this.listener('limiter', name, outcome);
  }

  lock(name: string, outcome: LockOutcome): void {
    this.used = true;
    this.listener('lock', name, outcome);
  }
}

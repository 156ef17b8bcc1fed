import type { BreakerRule } from '../../contract/limit-rule.js';

/** The breaker of one count of a limiter. Moments are epoch milliseconds. */
export class MemoryBreaker {
  private failures = 0;
  private since = -Infinity;
  private openUntil?: number;
  private trialUntil = 0;

  /** Milliseconds until a call is let through; 0 where one is. */
  openFor(now: number): number {
    if (this.openUntil === undefined) return 0;
    return Math.max(0, this.openUntil - now, this.trialUntil - now);
  }

  /** A call is let through. @returns whether it is one that tries how things are */
  tries(now: number, rule: BreakerRule): boolean {
    if (this.openUntil === undefined) return false;
    this.trialUntil = now + rule.open;
    return true;
  }

  ended(now: number, rule: BreakerRule, failed: boolean): void {
    const isOpen = this.openUntil !== undefined && now < this.openUntil;
    if (isOpen) return;
    if (!failed) {
      if (this.openUntil !== undefined) this.close();
      return;
    }
    if (now - this.since > rule.per) [this.failures, this.since] = [0, now];
    this.failures++;
    if (this.openUntil === undefined && this.failures < rule.failures) return;
    this.openUntil = now + rule.open;
    [this.failures, this.trialUntil] = [0, 0];
  }

  private close(): void {
    this.openUntil = undefined;
    [this.failures, this.since, this.trialUntil] = [0, -Infinity, 0];
  }
}

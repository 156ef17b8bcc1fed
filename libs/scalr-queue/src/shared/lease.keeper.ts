import { LeaseLostError } from '../contract/errors/shared.errors.js';
import type { SharedCalls } from './shared.calls.js';

/** Parts of a lease after which it is renewed, and how long before its end it counts as lost. */
const RENEWED_AT = 1 / 3;
const GIVEN_UP_BEFORE = 1 / 10;
/** A renewal that fails is tried again after this part of the lease. */
const TRIED_AGAIN_AFTER = 1 / 20;

/**
 * Renews a lease at a third of it, for as long as its holder works. Its signal aborts when the lease is lost; where Redis does not
 * answer, a tenth before its end, so that it has aborted before another can have it. Time is that of the monotonic clock from before
 * each renewal was sent: neither a step of the wall clock nor a slow answer makes it longer.
 */
export class LeaseKeeper {
  private readonly controller = new AbortController();
  private cancelRenewal?: () => void;
  private cancelEnd?: () => void;
  private ended = false;

  /**
   * @param what is held, for the error, such as `lock "rebuild"`
   * @param lease milliseconds
   * @param sentAt when the lease was asked for, on the clock of `performance.now()`
   * @param renew whether it was still held
   */
  constructor(
    private readonly calls: SharedCalls,
    private readonly what: string,
    private readonly lease: number,
    sentAt: number,
    private readonly renew: () => Promise<boolean>,
  ) {
    this.heldSince(sentAt);
    this.renewIn(lease * RENEWED_AT);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get lost(): boolean {
    return this.signal.aborted;
  }

  /** The holder is done: nothing is renewed, and nothing aborts any more. */
  end(): void {
    this.ended = true;
    this.cancelRenewal?.();
    this.cancelEnd?.();
  }

  private renewIn(ms: number): void {
    this.cancelRenewal = this.calls.clock.after(ms, () => void this.tryToRenew());
  }

  private async tryToRenew(): Promise<void> {
    const sentAt = performance.now();
    const held = await this.calls.ask(() => this.renew()).catch(() => undefined);
    if (this.ended || this.lost) return;
    if (held === undefined) return this.renewIn(this.lease * TRIED_AGAIN_AFTER);
    if (!held) return this.lose();
    this.heldSince(sentAt);
    this.renewIn(this.lease * RENEWED_AT);
  }

  private heldSince(sentAt: number): void {
    this.cancelEnd?.();
    const passed = performance.now() - sentAt;
    this.cancelEnd = this.calls.clock.after(
      Math.max(0, Math.floor(this.lease * (1 - GIVEN_UP_BEFORE) - passed)),
      () => this.lose(),
    );
  }

  private lose(): void {
    this.end();
    this.controller.abort(new LeaseLostError(this.what));
  }
}

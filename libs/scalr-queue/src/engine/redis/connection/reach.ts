import { EventEmitter } from 'node:events';
import { ENQUEUE_DEADLINE } from '../../../contract/defaults.js';
import { afterListening } from '../../listening-timer.js';

/**
 * Whether Redis can be reached on a connection: it can, or the attempt to connect is under way, or it is known to be down. Down
 * means that an attempt has failed, or has taken longer than a call may: a connection that was cut a moment ago is mostly back
 * within a fraction of a second.
 */
export abstract class Reach extends EventEmitter<{ open: []; down: [] }> {
  private attempt?: { readonly outcome: Promise<void>; readonly settle: () => void };

  /** Whether a command can be sent at this moment. */
  abstract get open(): boolean;

  /** Why it is down, where the errors of the connection do not say so. */
  reason?: Error;

  /** Resolves with the outcome of the attempt that is under way, whatever it is; undefined when there is none. */
  get underWay(): Promise<void> | undefined {
    return this.attempt?.outcome;
  }

  protected begin(): void {
    if (this.attempt) return;
    let resolve!: () => void;
    const outcome = new Promise<void>((done) => (resolve = done));
    const stop = afterListening(ENQUEUE_DEADLINE, () => this.fail(), false);
    this.attempt = {
      outcome,
      settle: () => {
        stop();
        resolve();
      },
    };
  }

  protected succeed(): void {
    this.reason = undefined;
    this.settle();
    this.emit('open');
  }

  protected fail(reason?: Error): void {
    this.reason = reason ?? this.reason;
    this.settle();
    this.emit('down');
  }

  private settle(): void {
    this.attempt?.settle();
    this.attempt = undefined;
  }
}

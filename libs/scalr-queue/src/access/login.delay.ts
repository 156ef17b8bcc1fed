import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Failures of people who mistype. */
const FREE = 2;
const FIRST_DELAY = 250;
const LONGEST_DELAY = 60_000;
/** A delay that is longer is not waited for: the request is refused. */
const LONGEST_WAIT = 5_000;
/** Requests of an address that wait; further ones are refused. */
const MAX_WAITING = 5;
const FORGET = 15 * 60_000;
const MAX_ADDRESSES = 10_000;

interface Tries {
  failures: number;
  waiting: number;
  /** When the next try may be made; as all times here of the monotonic clock, in milliseconds. */
  free: number;
  last: number;
}

/** What becomes of a try: it may be made now, or in so many milliseconds. */
export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly retryIn: number };

/**
 * Slows the guessing of passwords down: from the third failure of an address on, each doubles the time until its next try, to a
 * minute. Who has shown a right password goes on without a delay, also behind a proxy that all share.
 */
export class LoginDelay {
  private readonly addresses = new Map<string, Tries>();
  private readonly known = new Map<string, number>();

  constructor(
    private readonly now = () => performance.now(),
    private readonly wait = (time: number): Promise<unknown> => pause(time, undefined, { ref: false }),
  ) {}

  /** Waits for the turn of this try. */
  async admit(address: string, authorization: string): Promise<Admission> {
    if (this.isKnown(address, authorization)) return { admitted: true };
    const tries = this.triesOf(address);
    if (!tries) return { admitted: true };
    if (tries.waiting >= MAX_WAITING || tries.free - this.now() > LONGEST_WAIT)
      return { admitted: false, retryIn: Math.max(1_000, tries.free - this.now()) };
    tries.waiting++;
    try {
      // Each of those that wait takes a turn of its own: the failure of one delays the next.
      for (let left = tries.free - this.now(); left > 0; left = tries.free - this.now()) {
        if (left > LONGEST_WAIT) return { admitted: false, retryIn: left };
        await this.wait(left);
      }
      return { admitted: true };
    } finally {
      tries.waiting--;
    }
  }

  succeeded(address: string, authorization: string): void {
    const key = keyOf(address, authorization);
    this.known.delete(key);
    this.known.set(key, this.now());
    trim(this.known);
  }

  /** @returns the failures of the address */
  failed(address: string): number {
    const key = networkOf(address);
    const now = this.now();
    const tries = this.triesOf(address) ?? { failures: 0, waiting: 0, free: 0, last: now };
    tries.failures++;
    tries.last = now;
    const over = tries.failures - FREE;
    if (over > 0) tries.free = now + Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (over - 1));
    this.addresses.delete(key);
    this.addresses.set(key, tries);
    trim(this.addresses);
    return tries.failures;
  }

  private triesOf(address: string): Tries | undefined {
    const tries = this.addresses.get(networkOf(address));
    return tries && this.now() - tries.last < FORGET ? tries : undefined;
  }

  private isKnown(address: string, authorization: string): boolean {
    const at = this.known.get(keyOf(address, authorization));
    return at !== undefined && this.now() - at < FORGET;
  }
}

/** A subscriber has a whole /64 of addresses of IP version 6. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIPv6(plain) && !plain.startsWith('::') ? plain.split(':').slice(0, 4).join(':') : plain;
}

const keyOf = (address: string, authorization: string) =>
  createHash('sha256').update(`${address} ${authorization}`).digest('base64');

function trim(map: Map<string, unknown>): void {
  for (const [oldest] of map) {
    if (map.size <= MAX_ADDRESSES) return;
    map.delete(oldest);
  }
}

import type { Redis } from 'ioredis';
import { Reach } from './reach.js';

/** The reach of a single server, or of the master that sentinels name. */
export class ServerReach extends Reach {
  /** From a connect to the loss of that connection. */
  private connected = false;

  constructor(private readonly client: Redis) {
    super();
    this.begin();
    client.on('ready', () => {
      this.connected = true;
      this.succeed();
    });
    client.on('close', () => {
      if (!this.connected) return this.fail();
      this.connected = false;
      this.begin();
    });
    // With one of a connection that is there its close follows.
    client.on('error', () => {
      if (!this.connected) this.fail();
    });
    client.on('end', () => this.fail());
  }

  get open(): boolean {
    // The socket may have ended a moment before the client hears of it. Upstream: it is the `stream` of the client.
    return this.client.status === 'ready' && this.client.stream.writable;
  }

  override get underWay(): Promise<void> | undefined {
    // Lost, and the event that says so is still on its way.
    if (this.connected && !this.open) this.begin();
    return super.underWay;
  }

  protected override fail(reason?: Error): void {
    this.connected = false;
    super.fail(reason);
  }
}

import { Command, type Cluster } from 'ioredis';
import { withDeadline } from '../../deadline.js';
import { Reach } from './reach.js';

/** Between two looks at a slot that is not served. */
const LOOK_INTERVAL_MS = 550;
const READ_TIMEOUT_MS = 800;

/**
 * The reach of an app in a cluster. All its keys are in one slot, so what counts is whether that is served: a read of a key in
 * it says so. The cluster may be fine otherwise, and a client of it is called ready as soon as any node answers.
 */
export class SlotReach extends Reach {
  private served = false;
  private looking = false;
  private timer?: NodeJS.Timeout;

  /** @param key any key of the app */
  constructor(
    private readonly cluster: Cluster,
    private readonly key: string,
  ) {
    super();
    this.begin();
    cluster.on('ready', () => void this.look());
    cluster.on('-node', () => this.doubt());
    cluster.on('close', () => this.fail());
    cluster.on('error', (error: Error) => this.fail(error));
    cluster.on('end', () => {
      clearTimeout(this.timer);
      this.fail();
    });
  }

  get open(): boolean {
    return this.served && this.cluster.status === 'ready';
  }

  protected override fail(reason?: Error): void {
    this.served = false;
    super.fail(reason);
  }

  /** A node is gone: was it the one with our slot? */
  private doubt(): void {
    if (this.cluster.status !== 'ready') return;
    if (this.served) this.begin();
    this.served = false;
    void this.look();
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    clearTimeout(this.timer);
    try {
      await withDeadline(
        this.read(),
        READ_TIMEOUT_MS,
        () => new Error('the node that serves the slot of the app does not answer'),
      );
      this.served = true;
      this.succeed();
    } catch (error) {
      this.fail(error as Error);
      this.timer = setTimeout(() => this.lookAgain(), LOOK_INTERVAL_MS + Math.random() * 100).unref();
    } finally {
      this.looking = false;
    }
  }

  private lookAgain(): void {
    if (this.cluster.status !== 'ready') return;
    // Another node may have taken the slot over.
    this.cluster.refreshSlotsCache(() => void this.look());
  }

  /** Goes past what holds commands back until the slot is served. Upstream: sendCommand of the prototype is that of ioredis. */
  private read(): Promise<unknown> {
    const command = new Command('exists', [this.key], { replyEncoding: 'utf8' });
    const send = Object.getPrototypeOf(this.cluster) as Cluster;
    return send.sendCommand.call(this.cluster, command) as Promise<unknown>;
  }
}

import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { QueueClosedError, QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import { describeTarget } from '../../../config/redis-options.js';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../../config/tokens.js';
import { withDeadline } from '../../deadline.js';
import { BootScope } from '../../../lifecycle/boot.scope.js';
import { nameDenied } from './acl-refusal.js';
import { ConnectionLog } from './connection-log.js';
import { onEngineErrors } from './engine-errors.js';
import { reachKey } from '../keys.js';
import { hideArguments } from './hidden-arguments.js';
import { extendFinish } from '../scripts/finish.script.js';
import { defineRedrive } from '../scripts/redrive-job.script.js';
import { DamagedEntries } from '../damaged-entries.js';
import { retryInfo } from './info-retries.js';
import { holdCommands } from './held-commands.js';
import type { Reach } from './reach.js';
import { refusal } from '../../refusal.js';
import { lookOnly } from './look-only.js';
import { isNeverSent, messageOf } from './redis-error.js';
import { ReconnectPace } from './reconnect.pace.js';
import { ServerReach } from './server.reach.js';
import { SlotReach } from './slot.reach.js';
import { stalledHandshake } from './tls-trouble.js';
import { openRedis, type RedisClient, type RedisRole } from './redis.client.js';

/** How long, in milliseconds, a shutdown waits for the replies to calls under way, and then for the connections to end. */
const LAST_REPLIES = 300;

/**
 * The connections of one app in one process: one that fails fast, for everything that a caller waits for, and, only in a
 * worker process, one that waits. Closed last of all, when no provider can enqueue any more.
 */
@Injectable()
export class RedisConnections implements OnApplicationShutdown {
  /** Fails fast; shared by all queues of the process. */
  readonly producer: RedisClient;
  readonly log: ConnectionLog;
  readonly damaged = new DamagedEntries();
  private workerClient?: RedisClient;
  private readonly opened = new Set<RedisClient>();
  private readonly pace = new ReconnectPace();
  private lastError?: Error;
  /** When the connection that renews locks was last lost, in epoch milliseconds; with a cluster, one to any of its nodes. */
  lostAt?: number;
  private readonly reach: Reach;
  private closed = false;

  constructor(@Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions) {
    this.log = new ConnectionLog(describeTarget(options.redis));
    // Made by a boot that was given up meanwhile, nobody else would close it.
    BootScope.current()?.onRelease(() => void this.onApplicationShutdown());
    this.producer = this.open('producer');
    this.reach = reachOf(this.producer, options.prefix);
    this.reach.on('open', () => {
      this.lastError = undefined;
      this.log.recovered();
    });
    this.reach.on('down', () => this.reach.reason && this.log.trouble(this.reach.reason));
    holdCommands(this.producer, this.reach);
  }

  /** The connection of a worker: waits out outages. Opened by the first caller. */
  worker(): RedisClient {
    this.workerClient ??= this.open('worker');
    return this.workerClient;
  }

  /** Whether both connections that are open can be used at this moment. */
  get ready(): boolean {
    return this.reach.open && (this.workerClient?.status ?? 'ready') === 'ready';
  }

  /** Resolves as soon as {@link ready} holds, or at the shutdown. */
  async whenReady(): Promise<void> {
    if (this.ready || this.closed) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!this.ready && !this.closed) return;
        for (const client of clients) client.off('ready', look).off('end', look);
        this.reach.off('open', look);
        resolve();
      };
      const clients = [...this.opened];
      this.reach.on('open', look);
      for (const client of clients) client.on('ready', look).on('end', look);
    });
  }

  /**
   * Nothing when a command can be sent at this moment; what is known is said at once, without a turn of the event loop.
   * @returns while an attempt to connect is under way, the first one or the one after a cut, a promise that settles with it
   * @throws QueueUnavailableError when Redis is known to be down, QueueClosedError after the shutdown
   */
  usable(purpose: 'enqueue' | 'read' = 'enqueue'): Promise<void> | undefined {
    if (this.closed) throw closedFor(purpose);
    if (this.reach.open) return undefined;
    const { underWay } = this.reach;
    if (underWay) return underWay.then(() => this.usable(purpose));
    throw refusal(() => this.unavailable(purpose));
  }

  /** The failure of a command, with the permission that it was for want of. */
  named(error: unknown): Promise<unknown> {
    return nameDenied(error, this.producer, this.options.prefix);
  }

  /** Resolves when the attempt to connect that is under way has succeeded or failed, within a second. */
  tried(): Promise<void> {
    return this.reach.underWay ?? Promise.resolve();
  }

  /**
   * Cuts every connection, also the copies that the engine made: its own close() waits for ever when Redis is gone. Calls under way
   * get their reply first, or else their error: once Nest has closed, the process may end at once.
   */
  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    // Redis answers in order: its reply to this read comes after all others.
    if (this.reach.open) await settled(this.producer.exists(reachKey(this.options.prefix)));
    const ends = [...this.opened].map((client) => new Promise((end) => client.once('end', end)));
    for (const client of this.opened) client.disconnect();
    await settled(Promise.all(ends));
    // The errors of the calls pass through several promises on their way to the callers.
    await nextTurn();
  }

  private unavailable(purpose: 'enqueue' | 'read'): QueueUnavailableError {
    const error = this.reach.reason ?? this.lastError;
    const stalled = stalledHandshake(this.producer);
    const reason = error ? messageOf(error) : stalled;
    const why = reason === undefined ? '' : `: ${reason}`;
    const outcome = purpose === 'read' ? '' : '. Nothing was enqueued; it is safe to try again.';
    return new QueueUnavailableError(
      `Redis at ${describeTarget(this.options.redis)} is not reachable${why}${outcome}`,
    );
  }

  private open(role: 'producer' | 'worker'): RedisClient {
    const client = this.connect(role, `${this.options.prefix}:${role}`);
    client.on('error', (error: Error) => {
      if (!this.lastError || !isNeverSent(error)) this.lastError = error;
    });
    if (role === 'worker') {
      client.on('ready', () => this.log.recovered());
      for (const loss of ['close', '-node']) client.on(loss, () => (this.lostAt = Date.now()));
    }
    // Upstream: BullMQ copies a connection with duplicate(), only to block on it; a copy of the one that fails fast could not.
    const copyRole = role === 'producer' ? 'events' : 'worker';
    client.duplicate = ((...args: unknown[]) =>
      this.connect(copyRole, copyName(args) ?? `${this.options.prefix}:${copyRole}`)) as never;
    return client;
  }

  private connect(role: RedisRole, name: string): RedisClient {
    const client = openRedis(this.options.redis, role, name, this.pace);
    if (this.options.looksOnly && !client.isCluster) lookOnly(client as Redis);
    // Of a connection that we cut ourselves there is nothing to tell.
    const trouble = (error: Error) => {
      if (!this.closed) this.log.trouble(error);
    };
    // First of all listeners: what it takes away no other one sees.
    client.on('error', (error: Error) => hideArguments(error));
    onEngineErrors(client, trouble);
    if (role !== 'producer') retryInfo(client, trouble);
    extendFinish(client);
    defineRedrive(client);
    this.opened.add(client);
    // The engine ends and reopens one that has been silent for longer than its read.
    client.on('end', () => this.opened.delete(client));
    client.on('connecting', () => this.opened.add(client));
    client.on('error', trouble);
    client.on('ready', () => this.pace.hurry(this.opened));
    if (this.closed) client.disconnect();
    return client;
  }
}

function closedFor(purpose: 'enqueue' | 'read'): QueueClosedError {
  const what = purpose === 'enqueue' ? 'nothing can be enqueued any more' : 'the queue is closed';
  return new QueueClosedError(`${what}: the application is shutting down`);
}

async function settled(work: Promise<unknown>): Promise<void> {
  await withDeadline(work, LAST_REPLIES, () => new Error('late')).catch(() => undefined);
}

const reachOf = (client: RedisClient, prefix: string): Reach =>
  client.isCluster ? new SlotReach(client as Cluster, reachKey(prefix)) : new ServerReach(client as Redis);

/** The name that BullMQ gives a copy, by which it finds workers. Upstream: for a cluster it is the second argument, and deeper. */
function copyName(args: unknown[]): string | undefined {
  const [first, second] = args as [
    { connectionName?: string }?,
    { redisOptions?: { connectionName?: string } }?,
  ];
  return first?.connectionName ?? second?.redisOptions?.connectionName;
}

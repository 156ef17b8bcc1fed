import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrationSql } from 'scalr-queue/outbox';
import { PostgresServer } from '../../support/postgres.js';
import { AppProcess } from '../../support/processes.js';
import { type RedisOptions, RedisServer } from '../../support/redis.js';
import { type Allowance, checkDelivery, DeliveryFailure, type Lookup } from './delivery.js';
import { Ledger } from './ledger.js';
import { BOOT, type ProcessSettings, ProducerProcess } from './producer.process.js';
import { TcpProxy } from './proxy.js';
import { seededRandom } from './random.js';
import type { Figures } from './row.js';
import { WorkerProcess, type WorkerSettings } from './worker.process.js';

const relayScript = fileURLToPath(new URL('../apps/relay.mjs', import.meta.url));

/** Options of the library, and what else the apps under `apps/` are told. */
export interface AppSettings extends ProcessSettings {
  redis?: unknown;
  app?: string;
  queues?: object;
  strict?: boolean;
  worker?: object;
  task?: object;
  passwordFile?: string;
  /** Schedules of the handler, as `@Scheduled` takes them. */
  schedules?: object[];
  /** Whether a producer has the handler among its providers. */
  handlers?: boolean;
  defaults?: object;
  /** Where its outbox is, and what of a relay it is; see `outboxOf` in `apps/outbox.mjs`. */
  outbox?: { url: string; relay?: 'everywhere'; follow?: boolean; trap?: RelayTrap };
  /** The boot of a worker waits for this file. */
  bootGate?: string;
  /** File for what the process holds, every few seconds. */
  vitals?: string;
}

/** A signal that a relay gives itself, at that moment of its work, in its batch of that number. */
export interface RelayTrap {
  moment: 'before send' | 'before mark' | 'after mark';
  after: number;
  signal: NodeJS.Signals;
}

/** Locks short enough that a row takes seconds. */
const QUICK_RECOVERY = { lockDuration: '5s', stalledInterval: '1s' } as const;

/** All that one row plays with; everything it started is gone when the row ends. */
export class Stage {
  readonly app: string;
  readonly ledger: Ledger;
  readonly random: () => number;
  /** What is known of the row so far, also when it fails. */
  readonly figures: Figures = {};
  /** Lost and doubled jobs that were found; the row fails of them, whatever it catches. */
  readonly deliveryFailures: DeliveryFailure[] = [];
  /** What the fault of the row may cost. */
  readonly may: Allowance = { lost: 0, twice: 0 };
  private readonly lookups: Lookup[] = [];
  private readonly cleanups: (() => Promise<unknown>)[] = [];

  private constructor(
    id: number,
    seed: number,
    readonly dir: string,
  ) {
    this.app = `fault-${id}-${randomUUID().slice(0, 8)}`;
    this.ledger = new Ledger(join(dir, 'executions'), join(dir, 'answers'));
    this.random = seededRandom(seed * 1_000 + id);
  }

  static async open(id: number, seed: number): Promise<Stage> {
    return new Stage(id, seed, await mkdtemp(join(tmpdir(), `scalr-fault-${id}-`)));
  }

  /** Ends everything, the last started first. */
  async close(): Promise<void> {
    for (const cleanup of this.cleanups.toReversed()) await cleanup().catch(() => undefined);
    await rm(this.dir, { recursive: true, force: true });
  }

  onClose(cleanup: () => Promise<unknown>): void {
    this.cleanups.push(cleanup);
  }

  async redis(options?: RedisOptions): Promise<RedisServer> {
    const redis = await RedisServer.start(options);
    this.onClose(() => redis.stop());
    return redis;
  }

  /** With the tables of an outbox. */
  async postgres(settings?: readonly string[]): Promise<PostgresServer> {
    const postgres = await PostgresServer.start(settings);
    this.onClose(() => postgres[Symbol.asyncDispose]());
    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.query(migrationSql('scalr_queue'));
    await client.end();
    return postgres;
  }

  /** A process that takes part in relaying and runs no jobs. */
  async relay(redis: string, settings: AppSettings): Promise<AppProcess> {
    const process = await AppProcess.start({
      script: relayScript,
      env: { NO_COLOR: '1', FAULT_CONFIG: JSON.stringify(this.configOf(redis, settings)) },
      name: 'relay',
    });
    this.onClose(() => process.kill());
    await process.waitForOutput(/relay is up/, BOOT);
    return process;
  }

  async proxy(port: number, address?: string): Promise<TcpProxy> {
    const proxy = await TcpProxy.start(port, address);
    this.onClose(() => proxy.close());
    return proxy;
  }

  async producer(redis: string, settings: AppSettings = {}): Promise<ProducerProcess> {
    const producer = await ProducerProcess.start(this.configOf(redis, settings), this.ledger, settings);
    this.onClose(() => producer.process.kill());
    const withoutFuture = (ids: readonly string[]) => producer.withoutFuture(ids);
    this.lookups.push({ app: settings.app ?? this.app, withoutFuture });
    return producer;
  }

  /** Fails the row for good: jobs were lost or ran too often. */
  failDelivery(message: string): never {
    const failure = new DeliveryFailure(message, { ...this.figures });
    this.deliveryFailures.push(failure);
    throw failure;
  }

  /** See `checkDelivery`. */
  checkDelivery(): Promise<Figures> {
    return checkDelivery(this.ledger, this.lookups, this.may);
  }

  /** Resolves when its health answers; see `ready()`. */
  async worker(redis: string, settings: AppSettings & WorkerSettings = {}): Promise<WorkerProcess> {
    const worker = await WorkerProcess.start(this.configOf(redis, settings), settings);
    this.onClose(() => worker.process.kill());
    return worker;
  }

  private configOf(
    redis: string,
    { env: _env, wrapper: _wrapper, ...settings }: AppSettings,
  ): Record<string, unknown> {
    const files = { ledger: this.ledger.executionsFile, record: this.ledger.answersFile };
    return { app: this.app, redis, worker: QUICK_RECOVERY, ...settings, ...files };
  }
}

import { preflightKey } from '../keys.js';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../../../config/tokens.js';
import { missingCommands } from './acl-probe.js';
import type { Finding, ProcessRole } from '../../finding.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { readServerFacts, findingsOf } from './server-facts.js';

const RETRY_DELAY_MS = 2_000;
const LOOK_INTERVAL_MS = 10_000;
/** Clocks drift apart, and settings of Redis change, while a connection lasts. */
const LOOK_AT_SERVER = 60_000;

/**
 * Checks after every connect what the library needs of Redis, and says in one block what is wrong and how to mend it.
 * It changes nothing. A finding that makes work impossible (a missing permission) holds a worker back until it is mended;
 * one that endangers data only warns, or with `strict` keeps the process from becoming ready.
 */
@Injectable()
export class Preflight implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('ScalrQueue');
  private readonly stop = new AbortController();
  private role: ProcessRole = 'producer';
  private last = '';
  private lookedAt = -Infinity;
  private timer?: NodeJS.Timeout;
  private running?: Promise<readonly Finding[]>;
  findings: readonly Finding[] = [];

  constructor(
    private readonly connections: RedisConnections,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  /** Looks in the background, now and whenever Redis is connected again. */
  onApplicationBootstrap(): void {
    const look = () => void this.check();
    this.connections.producer.on('ready', look);
    if (this.connections.ready) look();
    // Until it is mended; then only the server and its clock are looked at, once a minute.
    const again = () => {
      const settled = this.findings.length === 0;
      if (settled && performance.now() - this.lookedAt < LOOK_AT_SERVER) return;
      void this.check(settled);
    };
    this.timer = setInterval(again, LOOK_INTERVAL_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.stop.abort();
  }

  /** Whether the process may become ready. */
  get passed(): boolean {
    return !this.findings.some(
      ({ severity }) => severity === 'fatal' || (this.options.strict && severity === 'danger'),
    );
  }

  /** Resolves when nothing stands in the way of the role, or when the signal aborts. */
  async untilFit(role: ProcessRole, signal: AbortSignal): Promise<void> {
    this.role = role;
    // A look for the other role may be on its way.
    await this.running;
    const either = AbortSignal.any([signal, this.stop.signal]);
    while (!either.aborted) {
      await this.check();
      if (this.passed) return;
      await sleep(RETRY_DELAY_MS, undefined, { signal: either }).catch(() => undefined);
    }
  }

  /** What is wrong at this moment; logged when it differs from the last time. */
  async check(permissionsKnown = false): Promise<readonly Finding[]> {
    this.running ??= this.look(permissionsKnown).finally(() => (this.running = undefined));
    return this.running;
  }

  private async look(permissionsKnown: boolean): Promise<readonly Finding[]> {
    this.lookedAt = performance.now();
    try {
      const redis = this.connections.producer;
      const probeKey = preflightKey(this.options.prefix);
      // One that only looks is told by the look itself what it may not do.
      const missing =
        permissionsKnown || this.options.looksOnly ? [] : await missingCommands(redis, this.role, probeKey);
      const facts = await readServerFacts(redis);
      const findings = findingsOf(facts, missing, this.options.prefix);
      this.findings = findings;
      this.report(findings);
      return findings;
    } catch {
      // Redis went away meanwhile: the connection log tells, and the next connect looks again.
      return this.findings;
    }
  }

  private report(findings: readonly Finding[]): void {
    const lines = findings.map(({ problem, cure }) => `  - ${problem}. ${cure}`);
    const text = lines.join('\n');
    if (text === this.last) return;
    this.last = text;
    if (findings.length === 0) return this.logger.log('Redis preflight: all is well now');
    const held = this.passed ? '' : '; not ready until it is fixed';
    const count = findings.length === 1 ? 'one problem' : `${findings.length} problems`;
    this.logger.error(`Redis preflight found ${count}${held}:\n${text}`);
  }
}

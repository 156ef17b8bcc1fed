import { Injectable } from '@nestjs/common';
import { withDeadline } from '../connection/deadline.js';
import { Preflight } from '../connection/preflight.js';
import { QueueRegistry } from '../connection/queue.registry.js';
import { RedisConnections } from '../connection/redis.connections.js';
import { RedisProbe } from '../connection/redis.probe.js';
import { type QueueDepth, QueueReader } from '../inspection/queue.reader.js';

const CACHE = 1_000;
const TIMEOUT = 800;

/** What health checks ask: each answer comes within 800 ms and is asked of Redis at most once a second. */
@Injectable()
export class HealthReport {
  private depths: Promise<readonly QueueDepth[] | undefined> = Promise.resolve(undefined);
  private depthsAt = -Infinity;

  constructor(
    private readonly probe: RedisProbe,
    private readonly preflight: Preflight,
    private readonly reader: QueueReader,
    private readonly queues: QueueRegistry,
    private readonly connections: RedisConnections,
  ) {}

  /** Whether the preflight lets the process become ready. */
  get fit(): boolean {
    return this.preflight.passed;
  }

  redisAnswers(): Promise<boolean> {
    return this.probe.answers();
  }

  /** Depth and age of the queues; undefined when Redis does not tell. */
  queueDepths(names: readonly string[] = this.queues.names()): Promise<readonly QueueDepth[] | undefined> {
    if (!this.connections.ready) return Promise.resolve(undefined);
    const now = performance.now();
    if (now - this.depthsAt < CACHE) return this.depths;
    this.depthsAt = now;
    this.depths = withDeadline(this.reader.depths(names), TIMEOUT, () => new Error('late')).catch(
      () => undefined,
    );
    return this.depths;
  }
}

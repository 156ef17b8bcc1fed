import { Inject, Injectable } from '@nestjs/common';
import { cancelMember, parseCancelMember } from '../engine/redis/cancel-requests.js';
import { cancelsKey, cancelsLeaseKey } from '../engine/redis/keys.js';
import { RedisConnections } from '../engine/redis/connection/redis.connections.js';
import { JobCancelledError } from '../contract/errors/outcome.errors.js';
import { LOOK, SETTLE } from '../engine/redis/scripts/cancel.scripts.js';
import { fromStoredId, nameOfStoredId } from '../engine/job-id.js';
import { JobEvents } from '../observability/job-event.stream.js';
import { EVENT_STREAM_LENGTH } from '../contract/defaults.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { Retention } from '../retention/retention.service.js';
import { type Run, RunningJobs } from './running.jobs.js';

const INTERVAL = 500;
/** Runs that are asked about in one round trip. */
const LOOK_SLICE = 500;
const READ_SLICE = 1_000;
/** Requests settled in one script, so that no other app waits for it. */
const SETTLE_SLICE = 50;

/**
 * Stops the jobs of this process that were asked to stop, and sees to it that a request whose run is over is settled too: the
 * run may have ended in a retry, or its worker may have died. One worker of the app at a time does the latter.
 */
@Injectable()
export class CancelWatcher {
  private readonly key: string;
  private timer?: NodeJS.Timeout;
  private looking = false;

  constructor(
    private readonly connections: RedisConnections,
    private readonly running: RunningJobs,
    private readonly events: JobEvents,
    private readonly retention: Retention,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
  ) {
    this.key = cancelsKey(options.prefix);
  }

  start(): void {
    this.timer = setInterval(() => void this.look(), INTERVAL);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking || !this.connections.ready) return;
    this.looking = true;
    try {
      if ((await this.abortAsked()) > 0) await this.settle();
    } catch {
      // Redis is away: the requests are still there when it is back.
    } finally {
      this.looking = false;
    }
  }

  /** @returns how many requests there are, of all processes */
  private async abortAsked(): Promise<number> {
    const runs = this.running.all();
    for (let from = 0; ; from += LOOK_SLICE) {
      const slice = runs.slice(from, from + LOOK_SLICE);
      const asked = slice.flatMap(({ queue, storedId = '', startedAt }) => [
        cancelMember(queue, storedId),
        startedAt,
      ]);
      const reply = await this.connections.producer.eval(LOOK, 1, this.key, ...asked);
      const [requests = 0, ...places] = reply as number[];
      for (const place of places) abort(slice[place - 1]!);
      if (requests === 0 || from + LOOK_SLICE >= runs.length) return requests;
    }
  }

  private async settle(): Promise<void> {
    const { producer: redis } = this.connections;
    const { prefix } = this.options;
    const isOurTurn = await redis.set(cancelsLeaseKey(prefix), process.pid, 'PX', INTERVAL - 100, 'NX');
    if (!isOurTurn) return;
    const members: string[] = [];
    for (let read = READ_SLICE; read === READ_SLICE;) {
      const page = await redis.zrange(
        this.key,
        String(members.length),
        String(members.length + READ_SLICE - 1),
      );
      members.push(...page);
      read = page.length;
    }
    for (let from = 0; from < members.length; from += SETTLE_SLICE) {
      const slice = members.slice(from, from + SETTLE_SLICE);
      const args = [`${prefix}:`, Date.now(), EVENT_STREAM_LENGTH, ...slice];
      for (const ended of (await redis.eval(SETTLE, 1, this.key, ...args)) as string[]) this.tell(ended);
    }
  }

  private tell(member: string): void {
    const { queue, storedId } = parseCancelMember(member);
    this.retention.note(queue);
    const name = nameOfStoredId(storedId) ?? 'unknown';
    this.events.emit('cancelled', () => ({ id: fromStoredId(storedId), name, queue, was: 'running' }));
  }
}

function abort({ storedId = '', attempt }: Run): void {
  attempt.abort(new JobCancelledError(fromStoredId(storedId)));
}

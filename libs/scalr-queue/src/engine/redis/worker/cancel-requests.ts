import type { ResolvedOptions } from '../../../config/resolved-options.js';
import { EVENT_STREAM_LENGTH } from '../../../contract/defaults.js';
import type { ActiveRun, CancelRequests } from '../../engine-worker.js';
import { cancelMember, parseCancelMember } from '../cancel-requests.js';
import type { RedisConnections } from '../connection/redis.connections.js';
import { cancelsKey, cancelsLeaseKey } from '../keys.js';
import { LOOK, SETTLE } from '../scripts/cancel.scripts.js';

/** Runs that are asked about in one round trip. */
const LOOK_SLICE = 500;
const READ_SLICE = 1_000;
/** Requests settled in one script, so that no other app waits for it. */
const SETTLE_SLICE = 50;
/** So much earlier than `every` the lease of one process ends, in milliseconds: its next turn comes first. */
const LEASE_MARGIN = 100;

/** The requests in Redis: one sorted set for all queues of the app. */
export class RedisCancelRequests implements CancelRequests {
  private readonly key: string;

  constructor(
    private readonly connections: RedisConnections,
    private readonly app: ResolvedOptions,
  ) {
    this.key = cancelsKey(app.prefix);
  }

  async look<R extends ActiveRun>(runs: readonly R[]): Promise<{ asked: R[]; requests: number }> {
    const asked: R[] = [];
    let requests = 0;
    for (let from = 0; from === 0 || from < runs.length; from += LOOK_SLICE) {
      const slice = runs.slice(from, from + LOOK_SLICE);
      const args = slice.flatMap(({ queue, storedId = '', startedAt }) => [
        cancelMember(queue, storedId),
        startedAt,
      ]);
      const reply = await this.connections.producer.eval(LOOK, 1, this.key, ...args);
      const [total = 0, ...places] = reply as number[];
      for (const place of places) asked.push(slice[place - 1]!);
      requests = total;
      if (total === 0) break;
    }
    return { asked, requests };
  }

  async settle(every: number, onEnded: (queue: string, storedId: string) => void): Promise<void> {
    const { producer: redis } = this.connections;
    const { prefix } = this.app;
    const lease = cancelsLeaseKey(prefix);
    if (!(await redis.set(lease, process.pid, 'PX', every - LEASE_MARGIN, 'NX'))) return;
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
      for (const member of (await redis.eval(SETTLE, 1, this.key, ...args)) as string[]) {
        const { queue, storedId } = parseCancelMember(member);
        onEnded(queue, storedId);
      }
    }
  }
}

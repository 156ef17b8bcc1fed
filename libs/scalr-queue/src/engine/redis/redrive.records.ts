import type { ResolvedOptions } from '../../config/resolved-options.js';
import type { DeadPosition } from '../dead-position.js';
import {
  LISTED_REDRIVES,
  type Redriven,
  type RedriveFates,
  type RedriveHold,
  type RedrivePlan,
  type RedriveRecord,
  type RedriveRecords,
  type RedriveTaken,
} from '../redrive-records.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { queueKey, queuePrefix, redriveKey, redriveSampleKey, redrivesKey } from './keys.js';
import { readableValuesOf } from './pipeline-replies.js';
import type { QueueRegistry } from './queue.registry.js';
import { REDRIVE_JOB } from './scripts/redrive-job.script.js';
import { RedisScript } from './scripts/redis-script.js';
import {
  ADVANCE_REDRIVE,
  END_REDRIVE,
  OPEN_REDRIVE,
  STOP_REDRIVE,
  TAKE_REDRIVE,
} from './scripts/redrive.scripts.js';

const openRedrive = new RedisScript('scalrOpenRedrive', OPEN_REDRIVE);
const takeRedrive = new RedisScript('scalrTakeRedrive', TAKE_REDRIVE);
const advanceRedrive = new RedisScript('scalrAdvanceRedrive', ADVANCE_REDRIVE);
const endRedrive = new RedisScript('scalrEndRedrive', END_REDRIVE);
const stopRedrive = new RedisScript('scalrStopRedrive', STOP_REDRIVE);

type RedriveJob = (count: number, ...keysAndArguments: (string | number)[]) => Promise<string | number>;

/** A hash for each redrive, and an index of them. */
export class RedisRedriveRecords implements RedriveRecords {
  constructor(
    private readonly connections: RedisConnections,
    private readonly queues: QueueRegistry,
    private readonly app: Pick<ResolvedOptions, 'prefix'>,
  ) {}

  async open({ id, holder, lease }: RedriveHold, plan: RedrivePlan, at: number, matched: number) {
    const keys = [this.keyOf(id), redrivesKey(this.app.prefix)];
    const args = [id, holder, lease, at, matched, ...Object.entries(plan).flat()];
    await openRedrive.run(this.connections.producer, keys, args);
  }

  async take(
    { id, holder, lease }: RedriveHold,
    plan: RedrivePlan,
    onlyLost: boolean,
  ): Promise<RedriveTaken> {
    const args = [holder, lease, onlyLost ? 1 : 0, ...Object.entries(plan).flat()];
    const reply = await takeRedrive.run(this.connections.producer, this.keysOf(id), args);
    if (Array.isArray(reply)) return { heldFor: Number(reply[0]) };
    if (reply === 0) return 'none';
    return reply === 1 ? 'taken' : 'done';
  }

  async retry(
    { id, holder, sample }: RedriveHold,
    position: DeadPosition,
    target: string,
  ): Promise<Redriven> {
    const { prefix } = this.app;
    const { queue, storedId, diedAt } = position;
    const { producer } = this.connections;
    // With the first queue that is ready the engine has defined its scripts, and we have defined ours.
    await this.queues.get(queue).getBackend().client;
    const run = (Reflect.get(producer, REDRIVE_JOB) as RedriveJob).bind(producer);
    const keys = [...this.keysOf(id), queueKey(prefix, queue, 'failed'), queueKey(prefix, queue, storedId)];
    const places = [queuePrefix(prefix, queue), queuePrefix(prefix, target)];
    const reply = await run(keys.length, ...keys, holder, id, sample, storedId, diedAt, ...places);
    if (typeof reply === 'string') return { holder: reply };
    if (reply === -1) return 'lost';
    return reply === 1 ? 'retried' : 'not-dead';
  }

  async advance({ id, holder, lease }: RedriveHold, cursor?: string): Promise<boolean> {
    const args = [holder, lease, ...(cursor === undefined ? [] : [cursor])];
    return (await advanceRedrive.run(this.connections.producer, this.keysOf(id), args)) === 1;
  }

  async end({ id, holder }: RedriveHold, state: 'stopped' | 'done', why = ''): Promise<number | undefined> {
    const reply = await endRedrive.run(this.connections.producer, [this.keyOf(id)], [holder, state, why]);
    return reply === -1 ? undefined : Number(reply);
  }

  async stop(id: string): Promise<boolean> {
    return (await stopRedrive.run(this.connections.producer, [this.keyOf(id)], [])) === 1;
  }

  async read(id: string): Promise<RedriveRecord | undefined> {
    return (await this.readAll([id]))[0];
  }

  async list(): Promise<RedriveRecord[]> {
    const index = redrivesKey(this.app.prefix);
    return this.readAll(await this.connections.producer.zrevrange(index, 0, LISTED_REDRIVES - 1));
  }

  async fates(id: string): Promise<RedriveFates> {
    // In plain reads: a user that may only look is granted no script.
    const { producer } = this.connections;
    const sample = await producer.lrange(redriveSampleKey(this.app.prefix, id), 0, -1);
    const jobs = sample.length / 2;
    const looks = Array.from({ length: jobs }, (_none, at) => {
      const [prefix, storedId] = [sample[2 * at]!, sample[2 * at + 1]!];
      return [
        ['zscore', `${prefix}failed`, storedId],
        ['zscore', `${prefix}completed`, storedId],
        ['exists', `${prefix}${storedId}`],
      ];
    }).flat();
    const found = jobs === 0 ? [] : readableValuesOf(await producer.pipeline(looks).exec());
    let [completed, diedAgain] = [0, 0];
    for (let at = 0; at < found.length; at += 3) {
      if (typeof found[at] === 'string') diedAgain++;
      else if (typeof found[at + 1] === 'string' || found[at + 2] === 0) completed++;
    }
    return { jobs, completed, diedAgain, pending: jobs - completed - diedAgain };
  }

  /** Those that there are. */
  private async readAll(ids: readonly string[]): Promise<RedriveRecord[]> {
    if (ids.length === 0) return [];
    const { producer } = this.connections;
    const [seconds, micros] = await producer.time();
    const now = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    const reads = ids.map((id) => ['hgetall', this.keyOf(id)]);
    const found = readableValuesOf(await producer.pipeline(reads).exec());
    return found.flatMap((fields, at) => recordOf(ids[at]!, fields as Fields | undefined, now));
  }

  private keyOf(id: string): string {
    return redriveKey(this.app.prefix, id);
  }

  private keysOf(id: string): [op: string, sample: string] {
    return [this.keyOf(id), redriveSampleKey(this.app.prefix, id)];
  }
}

type Fields = Readonly<Record<string, string | undefined>>;

function recordOf(id: string, fields: Fields | undefined, now: number): RedriveRecord[] {
  const {
    state,
    why,
    at,
    matched,
    retried,
    kept,
    cursor,
    until,
    holder: _one,
    told: _other,
    ...plan
  } = fields ?? {};
  if (state === undefined) return [];
  return [
    {
      id,
      plan: plan as RedrivePlan,
      state: state as RedriveRecord['state'],
      ...(why === undefined ? {} : { why }),
      at: Number(at),
      matched: Number(matched),
      retried: Number(retried),
      kept: Number(kept),
      ...(cursor === undefined ? {} : { cursor }),
      heldFor: until === undefined ? 0 : Math.max(0, Number(until) - now),
    },
  ];
}

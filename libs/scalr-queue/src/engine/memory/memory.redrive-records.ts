import type { Clock } from '../../config/clock.js';
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
import type { DeadLetterStore } from '../queue.engine.js';
import type { MemoryQueues } from './memory.queues.js';

type Kept = { -readonly [Field in keyof Omit<RedriveRecord, 'id' | 'heldFor'>]: RedriveRecord[Field] } & {
  holder?: string;
  until: number;
  told: number;
  /** Jobs that it has dealt with. */
  readonly marked: Set<string>;
  first: { readonly queue: string; readonly storedId: string }[];
};

/** The redrives of a process. */
export class MemoryRedriveRecords implements RedriveRecords {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly memory: MemoryQueues,
    private readonly deadLetters: DeadLetterStore,
    private readonly clock: Clock,
  ) {}

  async open({ id, holder, lease }: RedriveHold, plan: RedrivePlan, at: number, matched: number) {
    this.kept.set(id, {
      plan,
      at,
      matched,
      holder,
      state: 'running',
      until: this.clock.now() + lease,
      retried: 0,
      kept: 0,
      told: 0,
      marked: new Set(),
      first: [],
    });
    for (const old of [...this.kept.keys()].slice(0, -LISTED_REDRIVES)) this.kept.delete(old);
  }

  async take(
    { id, holder, lease }: RedriveHold,
    plan: RedrivePlan,
    onlyLost: boolean,
  ): Promise<RedriveTaken> {
    const op = this.kept.get(id);
    if (!op) return 'none';
    if (op.state === 'done') return 'done';
    const heldFor = op.until - this.clock.now();
    if (op.state !== 'stopped' && heldFor > 0) return { heldFor };
    if (op.state !== 'running') {
      if (onlyLost) return 'done';
      op.first = [];
    }
    delete op.why;
    Object.assign(op, { plan: { ...op.plan, ...plan }, state: 'running', holder });
    op.until = this.clock.now() + lease;
    return 'taken';
  }

  async retry(hold: RedriveHold, position: DeadPosition, target: string): Promise<Redriven> {
    const op = this.held(hold);
    if (!op) return 'lost';
    const { storedId, queue } = position;
    if (op.marked.has(storedId)) return 'not-dead';
    const isMoved = target !== queue && (await this.deadLetters.move(position, target));
    const place = isMoved ? { ...position, queue: target } : position;
    const [ready] = await this.deadLetters.prepare([place], false);
    if (ready === false) return 'not-dead';
    op.marked.add(storedId);
    if (typeof ready === 'string') {
      op.kept++;
      return { holder: ready };
    }
    await this.deadLetters.retry(place);
    op.retried++;
    if (op.first.length < hold.sample) op.first.push(place);
    return 'retried';
  }

  async advance(hold: RedriveHold, cursor?: string): Promise<boolean> {
    const op = this.held(hold);
    if (!op) return false;
    op.until = this.clock.now() + hold.lease;
    if (cursor !== undefined) op.cursor = cursor;
    return true;
  }

  async end(
    { id, holder }: RedriveHold,
    state: 'stopped' | 'done',
    why?: string,
  ): Promise<number | undefined> {
    const op = this.kept.get(id);
    if (op?.holder !== holder) return undefined;
    const done = op.retried - op.told;
    Object.assign(op, { state, why, told: op.retried, until: 0 });
    delete op.holder;
    return done;
  }

  async stop(id: string): Promise<boolean> {
    const op = this.kept.get(id);
    if (op?.state !== 'running') return false;
    if (op.until > this.clock.now()) op.state = 'stopping';
    else Object.assign(op, { state: 'stopped', why: 'asked' });
    return true;
  }

  async read(id: string): Promise<RedriveRecord | undefined> {
    const op = this.kept.get(id);
    if (!op) return undefined;
    const { plan, state, why, at, matched, retried, kept, cursor, until } = op;
    return {
      id,
      plan,
      state,
      ...(why === undefined ? {} : { why }),
      at,
      matched,
      retried,
      kept,
      ...(cursor === undefined ? {} : { cursor }),
      heldFor: Math.max(0, until - this.clock.now()),
    };
  }

  async list(): Promise<RedriveRecord[]> {
    const all = await Promise.all([...this.kept.keys()].toReversed().map((id) => this.read(id)));
    return all.filter((one) => one !== undefined);
  }

  async fates(id: string): Promise<RedriveFates> {
    const first = this.kept.get(id)?.first ?? [];
    const states = first.map(
      ({ queue, storedId }) => this.memory.get(queue).jobs.get(storedId)?.state ?? 'completed',
    );
    const [completed, diedAgain] = (['completed', 'failed'] as const).map(
      (wanted) => states.filter((state) => state === wanted).length,
    ) as [number, number];
    return { jobs: first.length, completed, diedAgain, pending: first.length - completed - diedAgain };
  }

  private held({ id, holder }: RedriveHold): Kept | undefined {
    const op = this.kept.get(id);
    return op?.state === 'running' && op.holder === holder ? op : undefined;
  }
}

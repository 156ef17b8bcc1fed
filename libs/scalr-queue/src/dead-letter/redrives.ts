import { Inject, Injectable } from '@nestjs/common';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AuditLog } from '../audit/audit.log.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import { RESOLVED_OPTIONS } from '../config/tokens.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { QueueEngine } from '../engine/queue.engine.js';
import type { RedriveHold, RedriveRecord } from '../engine/redrive-records.js';
import { JobReader } from '../inspection/job.reader.js';
import { checkFilter, type DeadLetterFilter } from './dead-letter.filter.js';
import { DeadLetterScanner } from './dead-letter.scanner.js';
import type { Redrive, RedriveOptions, RedriveOutcome } from './redrive.js';
import {
  changedPlan,
  type CheckedRedrive,
  checkRedrive,
  checkRedriveId,
  filterIn,
  paceIn,
  planOf,
  toRedrive,
} from './redrive.plan.js';
import { RedriveRun, sampleOf } from './redrive.run.js';

/** How long whoever runs a redrive may be silent until another process may carry it on, in milliseconds. */
const LEASE = 10_000;
/** What the way to Redis may make of the end of a lease, in milliseconds. */
const MARGIN = 500;

/** Retries dead jobs at a rate, one process at a time, and so that it can be carried on after anything. */
@Injectable()
export class Redrives {
  constructor(
    private readonly engine: QueueEngine,
    private readonly scanner: DeadLetterScanner,
    private readonly reader: JobReader,
    private readonly audit: AuditLog,
    @Inject(RESOLVED_OPTIONS) private readonly app: Pick<ResolvedOptions, 'clock'>,
  ) {}

  async begin(which: DeadLetterFilter, options: RedriveOptions): Promise<RedriveOutcome> {
    checkFilter(which);
    const checked = checkRedrive(options);
    const at = this.app.clock.now();
    const plan = planOf(which, checked, at);
    const matched = await this.scanner.count(checkFilter(filterIn(plan)));
    const hold = holdOf(randomBytes(6).toString('hex'), sampleOf(checked.pace));
    await this.reader.bounded(() => this.engine.redrives.open(hold, plan, at, matched));
    return this.run(hold, checked);
  }

  /** @param onlyLost not one that was stopped: by whom nobody asked to */
  async resume(id: string, options: RedriveOptions, onlyLost = false): Promise<RedriveOutcome> {
    const checked = checkRedrive(options);
    const record = await this.known(id);
    const plan = changedPlan(record, checked.pace);
    const hold = holdOf(record.id, sampleOf(paceIn(plan)));
    await this.take(hold, plan, onlyLost, checked.signal);
    return this.run(hold, checked);
  }

  async list(): Promise<Redrive[]> {
    const records = await this.reader.bounded(() => this.engine.redrives.list());
    return Promise.all(records.map((record) => this.shown(record)));
  }

  async get(id: string): Promise<Redrive | undefined> {
    const record = await this.reader.bounded(() => this.engine.redrives.read(checkRedriveId(id)));
    return record && this.shown(record);
  }

  async stop(id: string): Promise<Redrive | undefined> {
    await this.reader.bounded(() => this.engine.redrives.stop(checkRedriveId(id)));
    return this.get(id);
  }

  private async run(hold: RedriveHold, { actor, ...watch }: CheckedRedrive): Promise<RedriveOutcome> {
    const record = await this.known(hold.id);
    const run = new RedriveRun(this.engine, this.scanner, this.reader, hold, record, watch);
    const { before: _bound, ...filter } = filterIn(record.plan);
    const { done: _done, ...outcome } = await this.audit.run(
      { action: 'dead.retry', what: { redrive: record.id, ...filter }, options: actor },
      async () => ({ done: await run.untilEnd(), ...(await this.shown(await this.known(hold.id))) }),
      ({ matched, done = 0 }) => ({ matched, done }),
    );
    return { ...outcome, ...(run.conflicts.length > 0 ? { conflicts: run.conflicts } : {}) };
  }

  /** Takes it over: from a process that is gone as soon as that is certain. */
  private async take(
    hold: RedriveHold,
    plan: RedriveRecord['plan'],
    onlyLost: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    let former: number | undefined;
    for (;;) {
      const taken = await this.reader.bounded(() => this.engine.redrives.take(hold, plan, onlyLost));
      if (taken === 'taken') return;
      if (taken === 'none') throw unknownRedrive(hold.id);
      if (taken === 'done')
        throw new InvalidOptionError(`the redrive ${hold.id} has ended: begin another one`);
      // Whoever lives shows that again and again.
      const until = performance.now() + taken.heldFor;
      former ??= until;
      if (until > former + MARGIN || onlyLost || signal?.aborted)
        throw new InvalidOptionError(`the redrive ${hold.id} is run by another process: stop it first`);
      await pause(Math.min(taken.heldFor + 1, 500), undefined, signal ? { signal } : {}).catch(
        () => undefined,
      );
    }
  }

  private async known(id: string): Promise<RedriveRecord> {
    const record = await this.reader.bounded(() => this.engine.redrives.read(checkRedriveId(id)));
    if (!record) throw unknownRedrive(id);
    return record;
  }

  private async shown(record: RedriveRecord): Promise<Redrive> {
    return toRedrive(record, await this.reader.bounded(() => this.engine.redrives.fates(record.id)));
  }
}

const holdOf = (id: string, sample: number): RedriveHold => ({
  id,
  sample,
  holder: randomUUID(),
  lease: LEASE,
});

const unknownRedrive = (id: string) =>
  new InvalidOptionError(`no redrive has the id ${id}: they are forgotten after seven days`);

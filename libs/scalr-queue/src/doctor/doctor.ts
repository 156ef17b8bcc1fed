import { withDeadline } from '../engine/deadline.js';
import type { Finding, ProcessRole } from '../engine/finding.js';
import type { QueueEngine } from '../engine/queue.engine.js';
import { findingsOf } from '../engine/redis/preflight/server-facts.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import type { AppState } from '../inspection/app.state.js';
import type { ResolvedOptions } from '../config/resolved-options.js';
import type { ScheduleStore } from '../scheduling/schedule.store.js';
import { checkApp, checkLost, checkSchedules } from './app.checks.js';
import { type DoctorReport, toReport } from './doctor.report.js';
import type { KeySurvey } from '../engine/redis/survey/key.survey.js';
import { checkLoad, checkStorage } from '../engine/redis/survey/server.checks.js';
import type { ServerSurvey } from '../engine/redis/survey/server.survey.js';

/** What a look is given. */
export interface DoctorOptions {
  /** Whose permissions are tried. */
  readonly role: ProcessRole;
  /** Milliseconds for the walk over the keys. */
  readonly budget: number;
}

/** For each of the other looks: none of them may hang with Redis. */
const PATIENCE = 2_000;

/**
 * Looks an app and its Redis over. It writes only the keys on which permissions are tried, and removes them again. Keys are
 * walked over in small steps within a budget of time, and what was not looked at is reported.
 */
export class Doctor {
  private readonly notes: string[] = [];

  constructor(
    private readonly engine: QueueEngine,
    private readonly server: ServerSurvey,
    private readonly state: AppState,
    private readonly schedules: ScheduleStore,
    private readonly options: ResolvedOptions,
  ) {}

  /** @param others findings beside those of Redis */
  async examine({ role, budget }: DoctorOptions, others: readonly Finding[] = []): Promise<DoctorReport> {
    const { app, prefix } = this.options;
    try {
      await this.engine.usable('read');
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error;
      const cure = 'Start Redis, and see SCALR_REDIS_URL (or --redis)';
      return toReport(app, [{ severity: 'fatal', problem: error.message, cure }], { notes: [] });
    }
    const missing = await this.look('permissions', () => this.server.missingCommands(role));
    const facts = await this.look('server', () => this.server.facts());
    const load = await this.look('load', () => this.server.load());
    const snapshot = await this.look('queues and workers', () => this.state.read());
    const lost = await this.look('workers that died', () => this.state.lostWorkers());
    const stored = await this.look('schedules', () => this.schedules.read());
    const keys = await this.survey(snapshot?.queues.map(({ name }) => name) ?? [], budget, load?.usedMemory);
    const findings: Finding[] = [
      ...findingsOf(facts ?? {}, missing ?? [], prefix),
      ...(load ? [...checkLoad(load), ...checkStorage(load, keys?.ownBytes)] : []),
      ...(snapshot ? checkApp(snapshot) : []),
      ...(lost ? checkLost(lost) : []),
      ...(stored ? checkSchedules(stored.schedules) : []),
      ...others,
    ];
    if (facts && facts.version === undefined)
      this.notes.push('INFO is not allowed: eviction, append-only file and memory are unknown (grant +info)');
    if (load && load.clientsByApp === undefined)
      this.notes.push(
        'connections could not be counted by app: CLIENT LIST is not allowed, or too long (grant +client|list)',
      );
    const server = facts || load ? { ...facts, ...load } : undefined;
    return toReport(app, findings, { notes: this.notes, server, keys, ...snapshot });
  }

  private async survey(
    queues: readonly string[],
    budget: number,
    usedMemory?: number,
  ): Promise<KeySurvey | undefined> {
    if (this.options.redis.cluster) {
      this.notes.push('keys were not counted: this is a cluster');
      return undefined;
    }
    const survey = await this.look(
      'keys (grant +scan and +dbsize)',
      () => this.server.keys(queues, Date.now() + budget),
      budget + 2 * PATIENCE,
    );
    if (!survey) return undefined;
    if (survey.seen < survey.keys)
      this.notes.push(`${survey.seen} of ${survey.keys} keys were looked at, the rest is estimated`);
    if (survey.ownBytes === undefined)
      this.notes.push('memory was not measured: MEMORY USAGE is not allowed (grant +memory|usage)');
    // An estimate from a sample can come to more than there is.
    if (survey.ownBytes === undefined || !usedMemory) return survey;
    return { ...survey, ownBytes: Math.min(survey.ownBytes, usedMemory) };
  }

  /** Undefined, with a note, when Redis does not answer. */
  private async look<T>(what: string, work: () => Promise<T>, timeout = PATIENCE): Promise<T | undefined> {
    try {
      return await withDeadline(work(), timeout, () => new Error(`no answer within ${timeout} ms`));
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
      this.notes.push(`${what}: not looked at, ${why}`);
      return undefined;
    }
  }
}

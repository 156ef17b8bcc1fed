import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { toStoredId } from '../../../libs/scalr-queue/src/engine/job-id.js';
import { formatFailure } from '../../../libs/scalr-queue/src/engine/failure.js';
import type { PreparedJob, StoredOptions } from '../../../libs/scalr-queue/src/engine/prepared-job.js';
import type { QueueEngine } from '../../../libs/scalr-queue/src/engine/queue.engine.js';

/** Makes an engine for one test, with an app of its own; it is closed when the test ends. */
export type MakeEngine = (queues?: Record<string, { maxBacklog?: number }>) => Promise<QueueEngine>;

/** What was asked of the objects of a class or an interface of the seam, as `part.operation`. */
export class AskedOf<S extends object> {
  private readonly asked = new Set<string>();

  /** @param declaration name of the class or the interface */
  constructor(private readonly declaration: string) {}

  /** The object, noting every operation that is used. */
  note(target: S): S {
    return this.noting(target, '');
  }

  /** Operations that the seam declares and nobody has used. */
  unused(): string[] {
    return operationsOf(this.declaration).filter((name) => !this.asked.has(name));
  }

  private noting<T extends object>(target: T, of: string): T {
    return new Proxy(target, {
      get: (_target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof property !== 'string') return value;
        const name = `${of}${property}`;
        this.asked.add(name);
        if (typeof value === 'function') return value.bind(target) as unknown;
        return typeof value === 'object' && value !== null && of === ''
          ? this.noting(value, `${name}.`)
          : value;
      },
    });
  }
}

const SEAM = [
  'queue.engine.ts',
  'shared.engine.ts',
  'schedule-records.ts',
  'finished-jobs.ts',
  'redrive-records.ts',
  'engine-worker.ts',
].map((file) => fileURLToPath(new URL(`../../../libs/scalr-queue/src/engine/${file}`, import.meta.url)));

/** Every operation that a class or an interface of the seam declares, read from there: a new one without a behaviour is noticed. */
export function operationsOf(declaration: string): string[] {
  const declarations = SEAM.flatMap((file) => [
    ...ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest).statements,
  ]).filter((one) => ts.isInterfaceDeclaration(one) || ts.isClassDeclaration(one));
  const membersOf = (name: string) => declarations.find((one) => one.name?.text === name)?.members;
  const nameOf = (member: ts.NamedDeclaration) => (member.name as ts.Identifier).text;
  return [...membersOf(declaration)!].flatMap((member) => {
    const type = ts.isPropertyDeclaration(member) || ts.isPropertySignature(member) ? member.type : undefined;
    const part = type && ts.isTypeReferenceNode(type) && membersOf((type.typeName as ts.Identifier).text);
    return part ? [...part].map((one) => `${nameOf(member)}.${nameOf(one)}`) : [nameOf(member)];
  });
}

let count = 0;

interface Part extends Partial<Pick<PreparedJob, 'id' | 'name' | 'queue' | 'contested' | 'memory'>> {
  readonly payload?: unknown;
  readonly options?: Partial<StoredOptions>;
}

/** A job that has passed every check. */
export function jobOf({ payload = {}, options, ...part }: Part = {}): PreparedJob {
  const { id = `job-${++count}`, name = 'send', queue = 'mail', contested = false } = part;
  return {
    ...part,
    id,
    name,
    queue,
    contested,
    json: JSON.stringify(payload),
    options: { attempts: 1, timestamp: Date.now(), ...options, jobId: toStoredId(name, id) },
  };
}

/** Where a job is stored. */
export const placeOf = ({ name, queue, options: { jobId } }: PreparedJob) => ({
  name,
  queue,
  storedId: jobId,
});

/** What a job dies of here: there is no worker. */
export const REASON = formatFailure('cancelled', { name: 'JobCancelledError', message: 'cancelled' });

/** The state of a job in the words of the engine; undefined when it is not stored. */
export async function stateOf(engine: QueueEngine, job: PreparedJob): Promise<string | undefined> {
  return (await engine.jobs.read(job.queue, job.options.jobId))?.state;
}

/** Adds jobs one after the other. */
export async function added(engine: QueueEngine, ...jobs: PreparedJob[]): Promise<PreparedJob[]> {
  for (const job of jobs) await engine.intake.add(job);
  return jobs;
}

/** Ends a job without a run, and tells where it is among the dead. */
export async function kill(engine: QueueEngine, job: PreparedJob) {
  expect(await engine.jobs.cancel(placeOf(job), REASON)).toBe('cancelled');
  const found = (await engine.jobs.read(job.queue, job.options.jobId))!;
  return { queue: job.queue, storedId: job.options.jobId, diedAt: found.job.finishedOn! };
}

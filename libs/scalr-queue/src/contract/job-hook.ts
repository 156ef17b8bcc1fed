import type { CarriedContext } from './carried-context.js';
import type { DeadJob } from './dead-job.js';
import type { EnqueuedJob, EnqueueOptions } from './enqueue-options.js';
import type { JobContext } from './job-context.js';
import type { AnyJobDefinition } from './job-definition.js';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A call of `enqueue`, `enqueueMany` or `enqueueAndWait` before anything is sent. */
export interface EnqueueCall {
  readonly definition: AnyJobDefinition;
  /** Whether it is one of `enqueueMany`, which is one call however many jobs it enqueues. */
  readonly many: boolean;
  /** The payload; of `enqueueMany` what it was given, which may be an iterator that can be gone through once. */
  readonly payload: unknown;
  /** The options of the call. Changes count, and are checked as the caller's are. */
  readonly options: Writable<EnqueueOptions>;
  /** What its jobs will carry: what is inherited, with the option `context` of the call. Changes count. */
  readonly context: Partial<CarriedContext>;
}

/** What a call of `enqueue` gives, or one of `enqueueMany`. */
export type EnqueueOutcome = EnqueuedJob | EnqueuedJob[];

/**
 * Code around the jobs of an app, in one place: a provider of the app, or a class that Nest makes for it. Each method may be left out. One
 * that returns nothing changes nothing: what `next()` gave or threw stands. `next` is called once at most.
 *
 * @example
 * @Injectable()
 * export class TenantHook implements JobHook {
 *   constructor(private readonly tenants: TenantStore) {}
 *
 *   enqueue(call: EnqueueCall, next: () => Promise<EnqueueOutcome>) {
 *     call.context.tenant = this.tenants.current;
 *     return next();
 *   }
 *
 *   attempt(ctx: JobContext, next: () => Promise<unknown>) {
 *     return this.tenants.run(ctx.context.tenant, next);
 *   }
 * }
 */
export interface JobHook {
  /**
   * Around each call that enqueues, in the process that makes it. What it throws the caller gets; before `next()`, nothing is sent then. Without
   * `next()` it answers itself: with what the call is to return.
   */
  enqueue?(
    call: EnqueueCall,
    next: () => Promise<EnqueueOutcome>,
  ): EnqueueOutcome | void | Promise<EnqueueOutcome | void>;

  /**
   * Around each attempt, in the worker: around the enhancers of the handler, and within its timeout. What it throws is the failure of the
   * attempt, what it returns its result. Without `next()` the handler does not run.
   */
  attempt?(ctx: JobContext, next: () => Promise<unknown>): unknown;

  /**
   * After a job has died in a worker. It runs as a job of its own, `scalr.dead`, in the queue of the dead one: it survives crashes and
   * deploys, is retried, and runs at least once. Of a job that was cancelled it is not called.
   */
  dead?(job: DeadJob): unknown;
}

/** The class of a hook. */
export type JobHookClass = abstract new (...args: never[]) => JobHook;

import { InvalidOptionError, UnknownJobError } from '../contract/errors/configuration.errors.js';
import {
  type AnyJobDefinition,
  isJobDefinition,
  type PayloadOf,
  type ReturnedBy,
} from '../contract/job-definition.js';
import type { JobContext } from '../contract/job-context.js';
import { checkMethod, type MethodName, MethodMarks } from '../contract/method-marks.js';
import { describe, OptionChecker } from '../contract/option-checker.js';

/** What `@ProcessJob` says of a method. */
interface JobMark {
  readonly definitions: readonly AnyJobDefinition[];
  readonly threads: ReadonlyMap<AnyJobDefinition, ThreadPlace>;
  /** The functions that it stood above, which other decorators may have replaced since. */
  readonly functions: readonly object[];
}

const marks = new MethodMarks<JobMark>(Symbol.for('scalr-queue.process-job'));
const marked = new Set<object>();
const NONE: JobMark = { definitions: [], threads: new Map(), functions: [] };
const check = new OptionChecker(InvalidOptionError);

/** A method that can handle the jobs of a definition. */
export type JobHandlerMethod<D extends AnyJobDefinition> = (
  payload: PayloadOf<D>,
  context: JobContext,
) => ReturnedBy<D> | Promise<ReturnedBy<D>>;

/** A method that gets what the thread of a job gives; without a result of its own that is the job's result. */
export type ThreadedHandlerMethod<D extends AnyJobDefinition> = (
  output: never,
  context: JobContext,
) => ReturnedBy<D> | void | Promise<ReturnedBy<D> | void>;

/** Options of `ProcessJob`. */
export interface ProcessJobOptions {
  /**
   * File that runs the job in a worker thread, made with `threadHandler` of `scalr-queue/thread`:
   * `new URL('./build-report.thread.js', import.meta.url)`; in CommonJS
   * `pathToFileURL(join(__dirname, 'build-report.thread.js'))`. The method then runs after it, in the main thread.
   */
  readonly thread: URL;
  /**
   * Memory that the thread may take, in MB. A thread that needs more dies alone: its attempt fails with `JobThreadError` and the
   * process lives. Defaults to what node gives a thread, which is bounded by the memory of the machine only.
   */
  readonly resourceLimits?: ThreadLimits;
}

/** The limits of a thread, as those of node's `Worker`. */
export interface ThreadLimits {
  /** The heap of what lives long: most of the memory. */
  readonly maxOldGenerationSizeMb?: number;
  /** The heap of what was made just now. */
  readonly maxYoungGenerationSizeMb?: number;
  /** Generated code. */
  readonly codeRangeSizeMb?: number;
  /** The stack. */
  readonly stackSizeMb?: number;
}

/** What a job needs to run in a thread. */
export interface ThreadPlace {
  readonly file: URL;
  readonly limits?: ThreadLimits;
}

/**
 * Makes a method of any provider the handler of a job: it gets the payload and the context, and returns the result.
 * Handlers run in worker processes only. What it throws is retried as the definition says; see `RetryLater`, `Snooze`
 * and `Discard` for more.
 *
 * @example
 * @Injectable()
 * export class InvoiceProcessor {
 *   @ProcessJob(SendInvoice)
 *   async send(payload: PayloadOf<typeof SendInvoice>, ctx: JobContext) { ... }
 * }
 */
export function ProcessJob<D extends AnyJobDefinition>(
  definition: D,
): <M extends JobHandlerMethod<D>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;
/**
 * Runs the job in a worker thread, for work that computes long enough to hold up everything else in the process. Nothing can
 * be injected into the thread; the method gets what the thread gives, and can hand it to injected services.
 *
 * @example
 * @Injectable()
 * export class ReportProcessor {
 *   constructor(private readonly reports: ReportStore) {}
 *
 *   @ProcessJob(BuildReport, { thread: new URL('./build-report.thread.js', import.meta.url) })
 *   async store(report: ResultOf<typeof BuildReport>) { await this.reports.save(report); }
 * }
 */
export function ProcessJob<D extends AnyJobDefinition>(
  definition: D,
  options: ProcessJobOptions,
): <M extends ThreadedHandlerMethod<D>>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;
export function ProcessJob(definition: AnyJobDefinition, options?: ProcessJobOptions) {
  if (!isJobDefinition(definition)) {
    throw new UnknownJobError(
      `expected @ProcessJob() to get a job definition made by defineJob(), got: ${describe(definition)}`,
    );
  }
  const thread = options === undefined ? undefined : threadPlace(definition, options);
  return (target: object, method: MethodName, descriptor: PropertyDescriptor): void => {
    checkMethod(`@ProcessJob(${definition.name})`, target, method, descriptor);
    marked.add(target);
    marks.set(target, method, ({ definitions, threads, functions } = NONE) => ({
      definitions: [...definitions, definition],
      threads: thread ? new Map([...threads, [definition, thread]]) : threads,
      functions: [...functions, descriptor.value as object],
    }));
  };
}

/** The methods of a class that handle jobs. */
export const handlingMethodsOf = (prototype: object): MethodName[] => marks.names(prototype);

/** What a method handles, and how. */
export function jobMarkOf(prototype: object, method: MethodName): JobMark {
  return marks.get(prototype, method) ?? NONE;
}

/** The prototypes of all classes of the process that have a handler. */
export const markedPrototypes = (): ReadonlySet<object> => marked;

const LIMITS = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'];
const MAX_LIMIT_MB = 1_048_576;

function threadPlace({ name }: AnyJobDefinition, options: ProcessJobOptions): ThreadPlace {
  const given = check.object(`the options of @ProcessJob(${name})`, options, ['thread', 'resourceLimits']);
  const { thread } = given;
  if (!(thread instanceof URL && thread.protocol === 'file:')) {
    const rule =
      "a file URL such as new URL('./build-report.thread.js', import.meta.url), or pathToFileURL(join(__dirname, 'build-report.thread.js')) in CommonJS";
    return check.fail('thread', rule, thread);
  }
  if (given.resourceLimits === undefined) return { file: thread };
  const limits = check.object('resourceLimits', given.resourceLimits, LIMITS);
  for (const [key, value] of Object.entries(limits))
    if (value !== undefined) check.number(`resourceLimits.${key}`, value, 1, MAX_LIMIT_MB);
  return { file: thread, limits };
}

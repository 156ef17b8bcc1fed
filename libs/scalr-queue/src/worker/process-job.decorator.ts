import { UnknownJobError } from '../errors/configuration.errors.js';
import {
  type AnyJobDefinition,
  isJobDefinition,
  type PayloadOf,
  type ReturnedBy,
} from '../jobs/job-definition.js';
import type { JobContext } from '../jobs/job-context.js';
import { describe } from '../options/option-checker.js';

const METADATA = Symbol('scalr-queue.process-job');

/** A method that can handle the jobs of a definition. */
export type JobHandlerMethod<D extends AnyJobDefinition> = (
  payload: PayloadOf<D>,
  context: JobContext,
) => ReturnedBy<D> | Promise<ReturnedBy<D>>;

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
export function ProcessJob<D extends AnyJobDefinition>(definition: D) {
  if (!isJobDefinition(definition)) {
    throw new UnknownJobError(
      `expected @ProcessJob() to get a job definition made by defineJob(), got: ${describe(definition)}`,
    );
  }
  return <M extends JobHandlerMethod<D>>(
    _target: object,
    _method: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void => {
    const method = descriptor.value as object;
    Reflect.defineMetadata(METADATA, [...definitionsOf(method), definition], method);
  };
}

/** The definitions that a method handles; none for an ordinary method. */
export function definitionsOf(method: object): readonly AnyJobDefinition[] {
  return (Reflect.getMetadata(METADATA, method) as AnyJobDefinition[] | undefined) ?? [];
}

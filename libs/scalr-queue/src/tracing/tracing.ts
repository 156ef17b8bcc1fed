import type { StoredJob } from '../engine/stored-job.js';
import type { EnqueuedJob } from '../contract/enqueue-options.js';

/** What a span of sending shows: contract and place of the job, never its payload. */
export interface SendFacts {
  readonly name: string;
  readonly queue: string;
  /** Schedule that the job belongs to. */
  readonly schedule?: string;
}

/** What the library asks of traces. This one is for an app that wants none: it does nothing, and nothing reaches Redis. */
export class Tracing {
  /** Runs the sending of one job in a span. */
  enqueue(_facts: SendFacts, send: () => Promise<EnqueuedJob>): Promise<EnqueuedJob> {
    return send();
  }

  /** Runs the sending of many jobs of one definition in one span. */
  enqueueMany(_facts: SendFacts, send: () => Promise<EnqueuedJob[]>): Promise<EnqueuedJob[]> {
    return send();
  }

  /** Runs the sending of the job of a slot in a span without a parent. */
  slot(_facts: SendFacts, send: () => Promise<void>): Promise<void> {
    return send();
  }

  /** Runs one attempt in a span that continues the trace of the job. */
  attempt<T>(_job: StoredJob, run: () => Promise<T>): Promise<T> {
    return run();
  }

  /** The engine's options of a job with the current trace in them. */
  carried<O extends object>(options: O): O {
    return options;
  }

  /** The current trace as text, for a thread to continue; undefined when there is none. */
  carrier(): string | undefined {
    return undefined;
  }

  /** Id of the trace of an attempt that this process runs or ran, else of the current one. */
  traceId(_job?: StoredJob): string | undefined {
    return undefined;
  }
}

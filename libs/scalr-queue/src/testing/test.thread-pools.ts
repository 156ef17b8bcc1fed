import type { JobHandler } from '../worker/handler.explorer.js';
import type { ThreadPlace } from '../worker/process-job.decorator.js';
import { ThreadPools } from '../worker/thread/thread.pools.js';

/** Runs jobs in real threads. Where tests run the sources there is no built file for it: only such a job fails, not the boot. */
export class TestThreadPools extends ThreadPools {
  override inThread(handler: JobHandler, place: ThreadPlace): JobHandler {
    try {
      return super.inThread(handler, place);
    } catch (error) {
      return { ...handler, invoke: async () => Promise.reject(error) };
    }
  }
}

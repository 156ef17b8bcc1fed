import { Injectable, Logger } from '@nestjs/common';
import { JobContext, ProcessJob, type ResultOf } from 'scalr-queue';
import { BuildReport } from './report.jobs.js';

@Injectable()
export class ReportProcessor {
  private readonly logger = new Logger(ReportProcessor.name);

  /** Runs after the thread, in the main thread with all that is injected; an app would store the report here. */
  @ProcessJob(BuildReport, { thread: new URL('./build-report.thread.js', import.meta.url) })
  built({ primes }: ResultOf<typeof BuildReport>, ctx: JobContext): void {
    this.logger.log(`Report ${ctx.id}: ${primes} primes`);
  }
}

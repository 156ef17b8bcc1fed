import { Injectable } from '@nestjs/common';
import type { EnqueueCall, EnqueueOutcome, JobHook } from 'scalr-queue';
import { currentCaller } from './caller.js';

/** Jobs carry who made the request; what their handlers enqueue inherits it. */
@Injectable()
export class CallerHook implements JobHook {
  enqueue({ context }: EnqueueCall, next: () => Promise<EnqueueOutcome>): Promise<EnqueueOutcome> {
    const caller = currentCaller();
    if (caller) context.correlationId ??= caller.correlationId;
    if (caller?.tenant !== undefined) context.tenant ??= caller.tenant;
    return next();
  }
}

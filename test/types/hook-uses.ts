import {
  contextFromCls,
  type DeadJob,
  type EnqueueCall,
  type EnqueueOutcome,
  type EnqueueService,
  type JobContext,
  type JobHook,
  ScalrQueueModule,
} from 'scalr-queue';
import { Plain } from './definitions.js';

// Compiled by `npm run typecheck`, never run: each marked line must not compile.

declare module 'scalr-queue' {
  interface CarriedContext {
    tenant: string;
    correlationId: string;
  }
}

export class Right implements JobHook {
  async enqueue(call: EnqueueCall, next: () => Promise<EnqueueOutcome>) {
    call.context.tenant = 'acme';
    call.options.priority = 1;
    // @ts-expect-error a wrong key of the context
    call.context.tennant = 'acme';
    // @ts-expect-error a wrong value of the context
    call.context.tenant = 5;
    // @ts-expect-error an unknown option
    call.options.prio = 1;
    // @ts-expect-error the payload is the caller's
    call.payload = {};
    return next();
  }

  attempt({ context }: JobContext, next: () => Promise<unknown>) {
    // @ts-expect-error a wrong key of the context
    void context.tennant;
    // @ts-expect-error it cannot be changed in a handler
    context.tenant = 'other';
    const tenant: string | undefined = context.tenant;
    return tenant === undefined ? undefined : next();
  }

  dead({ reason, payload }: DeadJob) {
    return [reason, payload];
  }
}

class Nothing {
  other = 5;
}

class WrongNext {
  attempt(_ctx: JobContext, next: string) {
    return next;
  }
}

class WrongAnswer {
  async enqueue() {
    return 5;
  }
}

class WrongJob {
  dead(job: string) {
    return job;
  }
}

export const modules = [
  ScalrQueueModule.forRoot({ hooks: [Right, contextFromCls(['tenant'])], enhancers: { global: true } }),
  // @ts-expect-error no hook at all
  ScalrQueueModule.forRoot({ hooks: [Nothing] }),
  // @ts-expect-error a class, not an instance
  ScalrQueueModule.forRoot({ hooks: [new Right()] }),
  // @ts-expect-error next is a function
  ScalrQueueModule.forRoot({ hooks: [WrongNext] }),
  // @ts-expect-error enqueue answers with a job
  ScalrQueueModule.forRoot({ hooks: [WrongAnswer] }),
  // @ts-expect-error dead gets a job
  ScalrQueueModule.forRoot({ hooks: [WrongJob] }),
  // @ts-expect-error no key of the context
  ScalrQueueModule.forRoot({ hooks: [contextFromCls(['tennant'])] }),
  // @ts-expect-error a typo
  ScalrQueueModule.forRoot({ enhancers: { globals: true } }),
];

export async function callers(queue: EnqueueService): Promise<void> {
  await queue.enqueue(Plain, { value: 5 }, { context: { tenant: 'acme' } });
  // @ts-expect-error a wrong key of the context
  await queue.enqueue(Plain, { value: 5 }, { context: { tennant: 'acme' } });
  // @ts-expect-error a wrong value of the context
  await queue.enqueue(Plain, { value: 5 }, { context: { tenant: 5 } });
}

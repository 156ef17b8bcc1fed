import { Injectable } from '@nestjs/common';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import type { CarriedContext } from '../contract/carried-context.js';
import type { JobContext } from '../contract/job-context.js';
import type { EnqueueCall, EnqueueOutcome, JobHook } from '../contract/job-hook.js';

/** As much of the `ClsService` of nestjs-cls as is used. */
interface Cls {
  isActive(): boolean;
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  run<T>(options: { readonly ifNested: 'override' }, work: () => T): T;
}

type ClsPackage = { readonly ClsServiceManager: { getClsService(): Cls } };
type Key = Extract<keyof CarriedContext, string>;

async function load(): Promise<Cls> {
  // The name in a variable: the package need not be there when this is compiled.
  const name = 'nestjs-cls';
  try {
    const { ClsServiceManager } = (await import(name)) as ClsPackage;
    return ClsServiceManager.getClsService();
  } catch (error) {
    throw new QueueConfigError(
      'contextFromCls needs nestjs-cls, which is not installed: npm install nestjs-cls',
      { cause: error },
    );
  }
}

/**
 * A hook that carries what nestjs-cls has under these keys: from the request, or the job, that enqueues, to each attempt, which runs in a
 * context of nestjs-cls of its own. What the option `context` of a call gives comes first. Needs the package `nestjs-cls`.
 *
 * @example
 * ScalrQueueModule.forRoot({ hooks: [contextFromCls(['tenant', 'correlationId'])] })
 */
export function contextFromCls(keys: readonly Key[]): new () => JobHook {
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string'))
    throw new QueueConfigError('expected contextFromCls to get an array of keys of the carried context');

  @Injectable()
  class ClsContextHook implements JobHook {
    private cls?: Promise<Cls>;

    async enqueue(call: EnqueueCall, next: () => Promise<EnqueueOutcome>): Promise<EnqueueOutcome> {
      const cls = await this.service();
      const context: Partial<Record<string, unknown>> = call.context;
      if (cls.isActive())
        for (const key of keys) {
          const value = cls.get(key);
          if (value !== undefined && !(key in (call.options.context ?? {}))) context[key] = value;
        }
      return next();
    }

    async attempt({ context }: JobContext, next: () => Promise<unknown>): Promise<unknown> {
      const cls = await this.service();
      return cls.run({ ifNested: 'override' }, () => {
        for (const key of keys) if (context[key] !== undefined) cls.set(key, context[key]);
        return next();
      });
    }

    async onModuleInit(): Promise<void> {
      await this.service();
    }

    private service(): Promise<Cls> {
      return (this.cls ??= load());
    }
  }
  return ClsContextHook;
}

import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  type Provider,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_GUARD, ContextIdFactory, REQUEST } from '@nestjs/core';
import { defineJob, type JobContext, type JobHook, ProcessJob } from 'scalr-queue';
import { startBoth } from '../support/apps.js';

const Greet = defineJob<string, string>('greet', { retry: false });
const patience = { waitFor: '20s', context: { tenant: 'acme' } } as const;
const other = { ...patience, context: { tenant: 'other' } } as const;

/** Made once for a tenant: the strategy gives the tenant as the request. */
let made: string[] = [];
/** What was asked of it, by whom. */
let asked: string[] = [];

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {
  constructor(@Inject(REQUEST) readonly request: { tenant: string }) {
    made.push(request.tenant);
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class DurableGuard implements CanActivate {
  constructor(@Inject(Tenant) private readonly tenant: Tenant) {}

  canActivate(context: ExecutionContext): boolean {
    const [payload] = context.getArgs<[string]>();
    asked.push(`guard ${payload} ${this.tenant.request.tenant}`);
    return payload !== 'refused';
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerAttempt implements NestInterceptor {
  constructor(
    @Inject(REQUEST) private readonly job: JobContext,
    @Inject(Tenant) private readonly tenant: Tenant,
  ) {}

  intercept(_context: ExecutionContext, next: CallHandler) {
    if (this.tenant.request === (this.job as object)) asked.push(`interceptor ${this.job.name}`);
    return next.handle();
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
class DurableHook implements JobHook {
  constructor(@Inject(Tenant) private readonly tenant: Tenant) {}

  attempt(_context: JobContext, next: () => Promise<unknown>) {
    asked.push(`hook ${this.tenant.request.tenant}`);
    return next();
  }
}

@Injectable()
class Guarded {
  @UseGuards(DurableGuard)
  @ProcessJob(Greet)
  async greet(payload: string) {
    return `hello ${payload}`;
  }
}

@Injectable()
class Plain {
  @ProcessJob(Greet)
  async greet(payload: string) {
    return `hello ${payload}`;
  }
}

@Injectable()
class Mixed {
  @UseInterceptors(PerAttempt)
  @ProcessJob(Greet)
  async greet(payload: string) {
    return `hello ${payload}`;
  }
}

describe('enhancers and hooks that live as long as their tenant', () => {
  beforeEach(() => {
    [made, asked] = [[], []];
    const tenants = new Map<string | undefined, ReturnType<typeof ContextIdFactory.create>>();
    ContextIdFactory.apply({
      attach: (contextId, { context: { tenant } }: JobContext) => {
        const own = tenants.get(tenant) ?? ContextIdFactory.create();
        tenants.set(tenant, own);
        return { resolve: (info) => (info.isTreeDurable ? own : contextId), payload: { tenant } };
      },
    });
  });
  afterEach(() => ContextIdFactory.apply(undefined as never));

  const greetAll = async (options: Parameters<typeof startBoth>[0]) => {
    const { queue } = await startBoth(options);
    expect(await queue.enqueueAndWait(Greet, 'ann', patience)).toBe('hello ann');
    expect(await queue.enqueueAndWait(Greet, 'bob', patience)).toBe('hello bob');
    expect(await queue.enqueueAndWait(Greet, 'eve', other)).toBe('hello eve');
    return queue;
  };

  it.each<[string, Provider[], object]>([
    ['of a handler', [Guarded, Tenant], {}],
    [
      'bound with APP_GUARD',
      [Plain, Tenant, { provide: APP_GUARD, useClass: DurableGuard, scope: Scope.REQUEST, durable: true }],
      { enhancers: { global: true } },
    ],
  ])('are guards %s', async (_what, providers, more) => {
    const queue = await greetAll({ providers, ...more });
    expect(made).toEqual(['acme', 'other']);
    expect(asked).toEqual(['guard ann acme', 'guard bob acme', 'guard eve other']);
    await expect(queue.enqueueAndWait(Greet, 'refused', patience)).rejects.toMatchObject({
      reason: 'discarded',
    });
    expect(made).toHaveLength(2);
  });

  it('are hooks', async () => {
    await greetAll({ providers: [Plain, Tenant, DurableHook], hooks: [DurableHook] });
    expect(made).toEqual(['acme', 'other']);
    expect(asked).toEqual(['hook acme', 'hook acme', 'hook other']);
  });

  it('are made for each attempt where what uses them is', async () => {
    await greetAll({ providers: [Mixed, Tenant] });
    expect(asked).toEqual(Array.from({ length: 3 }, () => 'interceptor greet'));
    expect(made).toHaveLength(3);
  });
});

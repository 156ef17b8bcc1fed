import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { JobContext } from 'scalr-queue';

/** Whose account is closed: nothing is done for them any more. */
const CLOSED: ReadonlySet<string> = new Set(['closed']);

/** Refuses jobs of tenants whose account is closed: they are dead, and can be retried by hand. */
@Injectable()
export class TenantGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const [, job] = context.getArgs<[unknown, JobContext]>();
    const { tenant } = job.context;
    return tenant === undefined || !CLOSED.has(tenant);
  }
}

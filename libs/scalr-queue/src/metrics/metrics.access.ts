import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  UnauthorizedException,
} from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { readEnvironment } from '../config/environment.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/**
 * Lets a scrape in: any, or with `SCALR_METRICS_TOKEN` set only one that brings it as a bearer token.
 * @throws UnauthorizedException
 */
export function checkMetricsAccess(authorization: string | undefined): void {
  const { metricsToken } = readEnvironment();
  if (metricsToken === undefined) return;
  // Digests are of one length, and comparing them takes one time whatever they are.
  if (timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${metricsToken}`))) return;
  throw new UnauthorizedException();
}

/**
 * Guards what only operators may read on a port that others reach: with `SCALR_METRICS_TOKEN` set, who brings it as a bearer token is
 * let in; without it nobody in production (`NODE_ENV`), else anyone.
 *
 * @example
 * \@UseGuards(MetricsTokenGuard)
 */
export class MetricsTokenGuard implements CanActivate {
  /**
   * Called by Nest.
   * @throws UnauthorizedException without the token; ForbiddenException where it is closed
   */
  canActivate(context: ExecutionContext): boolean {
    const isClosed = readEnvironment().metricsToken === undefined && process.env['NODE_ENV'] === 'production';
    if (isClosed) throw new ForbiddenException('closed in production: set SCALR_METRICS_TOKEN to open it');
    const { headers } = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    checkMetricsAccess(headers.authorization);
    return true;
  }
}

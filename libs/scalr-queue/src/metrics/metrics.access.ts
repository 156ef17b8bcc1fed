import { UnauthorizedException } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { readEnvironment } from '../options/environment.js';

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

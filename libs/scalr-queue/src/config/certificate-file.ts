import { readFileSync } from 'node:fs';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { HiddenValue, OptionChecker } from '../contract/option-checker.js';
import type { RedisConnectionOptions, RedisTarget } from './redis-options.js';

/**
 * Reads a file of certificates in PEM.
 * @throws where there is none, naming the field
 */
export function readCertificates(
  check: OptionChecker,
  field: string,
  path: string | undefined,
): string | undefined {
  if (path === undefined) return undefined;
  const expected = 'a file with certificates in PEM';
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return check.fail(field, expected, new HiddenValue(`${path} (${(error as NodeJS.ErrnoException).code})`));
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    check.fail(field, expected, new HiddenValue(`${path}, which holds none`));
  }
  return text;
}

/** The option `redis` of a command that names a file of certificates. */
export function withCa(
  url: string | undefined,
  path: string | undefined,
): string | RedisConnectionOptions | undefined {
  const ca = readCertificates(new OptionChecker(QueueConfigError), '--ca', path);
  const given = url ?? (process.env['SCALR_REDIS_URL']?.trim() || undefined);
  return ca === undefined || given === undefined ? url : { url: given, tls: { ca } };
}

/** The target with the certificates that the environment names, where it speaks TLS and brings none of its own. */
export function trusting(target: RedisTarget, ca: string | undefined): RedisTarget {
  if (ca === undefined || !target.tls || target.tls.ca !== undefined) return target;
  return { ...target, tls: { ...target.tls, ca } };
}

import { preflightKey } from '../keys.js';
import { missingCommands, missingToLook } from '../preflight/acl-probe.js';
import { looksOnly } from './look-only.js';
import type { RedisClient } from './redis.client.js';

/** Upstream: Redis has one code for all of these, in a script none, and tells what it refused in words only. */
const COMMAND = /no permissions to run the '([^']+)' command/;
const KEYS = /(?:no permissions to access|can't access)\b.*\bkeys?\b/i;
/** Redis 7.0 and older do not name what a script was refused. */
const NAMELESS = /executing the script can't run this command/;
const SCRIPT = /in script:|executing the script|@user_script/;

/** The refusal of a Redis user as a sentence, with what to do; undefined for every other failure. */
export function denialOf(error: unknown): string | undefined {
  // What made Redis discard a transaction comes first.
  const { previousErrors: [first] = [] } = (error ?? {}) as { previousErrors?: readonly unknown[] };
  if (first !== undefined) return denialOf(first);
  return describeDenial(error instanceof Error ? error.message : String(error));
}

function describeDenial(message: string): string | undefined {
  const denied = COMMAND.exec(message)?.[1];
  if (denied)
    return `the Redis user may not use ${denied.toUpperCase()}. Grant it: ACL SETUSER <user> ${grantsOf(denied)} ("scalr-queue acl" prints the whole list)`;
  if (NAMELESS.test(message))
    return 'the Redis user may not use a command of a script. "scalr-queue doctor" names it, and "scalr-queue acl" prints the whole list';
  if (/^-?NOPERM|ACL failure/.test(message) || (SCRIPT.test(message) && KEYS.test(message)))
    return 'the Redis user may not touch keys of this app. Check its name (SCALR_APP), and grant ~scalr:{<app>}:* ("scalr-queue acl" prints the whole list)';
  return undefined;
}

/** Whether a script was refused a command or a key after it had begun: what it wrote before stays. */
export function isDeniedHalfWay(message: string): boolean {
  return SCRIPT.test(message) && describeDenial(message) !== undefined;
}

/**
 * The same failure, with the name of the command that a script was refused where Redis keeps it to itself: it is looked for
 * among all that the library uses.
 */
export async function nameDenied(failure: unknown, redis: RedisClient, prefix: string): Promise<unknown> {
  if (!(failure instanceof Error) || !NAMELESS.test(failure.message)) return failure;
  const key = preflightKey(prefix);
  const looking = looksOnly(redis) ? missingToLook(redis, key) : missingCommands(redis, 'producer', key);
  const missing = await looking.catch(() => []);
  if (missing.length === 0) return failure;
  return new Error(`ACL failure in script: no permissions to run the '${missing.join(', ')}' command`);
}

const grantsOf = (commands: string): string => commands.replaceAll(/[^\s,]+/g, '+$&').replaceAll(',', '');

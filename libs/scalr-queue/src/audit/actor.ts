import type { Actor, ActVia } from '../contract/audit.js';
import { InvalidOptionError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';

/** What options of an act may hold besides. */
export const ACTOR_KEYS = ['by', 'via'];

const VIAS: readonly ActVia[] = ['code', 'cli', 'console'];
const MAX_LENGTH = 100;
const check = new OptionChecker(InvalidOptionError);

/** Who acts, from options that may hold others as well. @throws InvalidOptionError */
export function actorIn(options: unknown): Actor & { readonly via: ActVia } {
  const { by, via }: Record<string, unknown> =
    typeof options === 'object' && options !== null ? { ...options } : {};
  if (by !== undefined && (typeof by !== 'string' || by.trim() === '' || by.length > MAX_LENGTH))
    check.fail('by', `a string of 1 to ${MAX_LENGTH} characters`, by);
  return {
    ...(by === undefined ? {} : { by: by as string }),
    via: via === undefined ? 'code' : check.oneOf('via', via, VIAS),
  };
}

/** The same from options that hold nothing else. @throws InvalidOptionError */
export function onlyActor(options: unknown): Actor {
  return check.object('the options', options, ACTOR_KEYS);
}

import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { HiddenValue, type OptionChecker } from '../contract/option-checker.js';

const SHORTEST_PASSWORD = 12;
const USER = /^[^:\p{C}]{1,64}$/u;

/** @param nameOf names a field in the error; that never shows the password */
export function checkLogin(
  check: OptionChecker,
  nameOf: (part: 'user' | 'password') => string,
  { user, password }: { readonly user?: unknown; readonly password?: unknown },
): { user: string; password: string } {
  if (typeof user !== 'string' || !USER.test(user))
    return check.fail(nameOf('user'), 'a string of 1 to 64 characters without a colon', user);
  if (typeof password !== 'string' || password === '' || password.length > 256) {
    const picture = new HiddenValue(typeof password === 'string' ? 'another length' : 'no text');
    return check.fail(nameOf('password'), 'a string of 1 to 256 characters', picture);
  }
  return { user, password };
}

/** @throws QueueConfigError for a password that could be guessed */
export function refuseWeakPasswords(
  of: string,
  credentials: readonly { readonly user: string; readonly password: string }[],
): void {
  for (const { user, password } of credentials) {
    if (password.length >= SHORTEST_PASSWORD) continue;
    throw new QueueConfigError(
      `the password of the ${of} user "${user}" is refused in production: it has fewer than ${SHORTEST_PASSWORD} characters. ` +
        'Make one with: openssl rand -hex 16',
    );
  }
}

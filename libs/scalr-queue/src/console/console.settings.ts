import { checkLogin, refuseWeakPasswords } from '../access/credentials.js';
import type { PayloadHook } from '../access/payload.hook.js';
import { checkPublicUrl } from '../access/public.url.js';
import { DEFAULT_DASHBOARD_BYTES, MAX_DASHBOARD_BYTES } from '../contract/defaults.js';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { ConsoleAccount, ConsoleOptions, ConsoleRole } from './console.options.js';

/** The options of a console, checked and filled in. */
export interface ConsoleSettings {
  readonly accounts: readonly CheckedAccount[];
  /** Undefined: all. */
  readonly scope?: readonly string[];
  readonly publicUrl?: URL;
  readonly title: string;
  readonly maxBytes: number;
  /** Of the app that the console is part of: what it shows of a payload is masked afterwards. */
  readonly redact?: PayloadHook;
}

export interface CheckedAccount extends Required<Omit<ConsoleAccount, 'apps'>> {
  /** Undefined: all that the console shows. */
  readonly apps?: readonly string[];
}

const KEYS = ['redis', 'writeRedis', 'accounts', 'scope', 'publicUrl', 'title', 'maxBytes'];
const ACCOUNT_KEYS = ['user', 'password', 'role', 'apps', 'payload'];
const ROLES: readonly ConsoleRole[] = ['view', 'operate', 'admin'];
const check = new OptionChecker(QueueConfigError);

/** @throws QueueConfigError naming the option; in production also for a weak password */
export function resolveConsole(
  options: ConsoleOptions,
  isProduction = process.env['NODE_ENV'] === 'production',
): ConsoleSettings {
  const given = check.object('the options of createConsole', options, KEYS);
  const { title = 'scalr console', maxBytes = DEFAULT_DASHBOARD_BYTES, publicUrl, scope } = given;
  if (typeof title !== 'string') return check.fail('title', 'a string', title);
  const accounts = accountsOf(given.accounts);
  if (isProduction) refuseWeakPasswords('console', accounts);
  return {
    accounts,
    title,
    maxBytes: check.integer('maxBytes', maxBytes, 1_024, MAX_DASHBOARD_BYTES),
    ...(scope === undefined ? {} : { scope: appsOf('scope', scope) }),
    ...(publicUrl === undefined ? {} : { publicUrl: checkPublicUrl(check, publicUrl) }),
  };
}

/** @throws QueueConfigError */
export function accountsOf(given: unknown): CheckedAccount[] {
  if (!Array.isArray(given) || given.length === 0)
    return check.fail('accounts', 'a list of at least one account', given);
  const accounts = given.map((one: unknown, index) => accountOf(`accounts[${index}]`, one));
  if (new Set(accounts.map(({ user }) => user)).size < accounts.length)
    check.fail('accounts', 'of different users', given);
  return accounts;
}

function accountOf(field: string, value: unknown): CheckedAccount {
  const given = check.object(field, value, ACCOUNT_KEYS);
  const { role = 'view', apps, payload = false } = given;
  return {
    ...checkLogin(check, (part) => `${field}.${part}`, given),
    role: check.oneOf(`${field}.role`, role, ROLES),
    payload: check.boolean(`${field}.payload`, payload),
    ...(apps === undefined ? {} : { apps: appsOf(`${field}.apps`, apps) }),
  };
}

function appsOf(field: string, given: unknown): string[] {
  if (!Array.isArray(given) || given.length === 0)
    return check.fail(field, 'a list of at least one app', given);
  return given.map((app: unknown) => check.name(field, app));
}

import { QueueConfigError } from '../contract/errors/configuration.errors.js';
import {
  DEFAULT_DASHBOARD_BYTES,
  DEFAULT_DASHBOARD_PATH,
  DEFAULT_DASHBOARD_UI,
  MAX_DASHBOARD_BYTES,
} from '../contract/defaults.js';
import { checkLogin, refuseWeakPasswords } from '../access/credentials.js';
import { checkPublicUrl } from '../access/public.url.js';
import { type Environment, readEnvironment } from '../config/environment.js';
import { OptionChecker } from '../contract/option-checker.js';
import type { DashboardCredentials, ScalrQueueDashboardOptions } from './dashboard.options.js';

/** The options of the dashboard, checked and filled in. */
export interface DashboardSettings {
  readonly ui: NonNullable<ScalrQueueDashboardOptions['ui']>;
  readonly path: string;
  /** Empty: closed. */
  readonly credentials: readonly Required<DashboardCredentials>[];
  readonly redact?: NonNullable<ScalrQueueDashboardOptions['redact']>;
  readonly maxBytes: number;
  readonly title?: string;
  readonly publicUrl?: URL;
  readonly enabled: boolean;
}

const KEYS = ['ui', 'path', 'credentials', 'readOnly', 'redact', 'maxBytes', 'title', 'publicUrl', 'enabled'];
const PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/;
const check = new OptionChecker(QueueConfigError);

/** @throws QueueConfigError naming the option, and in production without credentials that hold */
export function resolveDashboard(
  options: ScalrQueueDashboardOptions,
  environment: Environment = readEnvironment(),
  isProduction = process.env['NODE_ENV'] === 'production',
): DashboardSettings {
  const given = check.object('the options of ScalrQueueDashboardModule', options, KEYS);
  const { path = DEFAULT_DASHBOARD_PATH, redact, maxBytes = DEFAULT_DASHBOARD_BYTES, title } = given;
  const enabled = given.enabled === undefined || check.boolean('enabled', given.enabled);
  if (typeof path !== 'string' || !PATH.test(path))
    return check.fail('path', 'a path of letters, digits, "-" and "_", like /queues', path);
  if (redact !== undefined && typeof redact !== 'function')
    return check.fail('redact', 'a function (payload, job) => what to show', redact);
  if (title !== undefined && typeof title !== 'string') return check.fail('title', 'a string', title);
  const readOnly =
    given.readOnly === undefined
      ? environment.dashboardWrites !== true
      : check.boolean('readOnly', given.readOnly);
  const credentials = enabled ? credentialsOf(given.credentials, environment) : [];
  if (enabled && isProduction) refuseToOpen(credentials);
  return {
    ui: check.oneOf('ui', given.ui ?? DEFAULT_DASHBOARD_UI, ['console', 'bull-board']),
    path,
    credentials: credentials.map((one) => ({ ...one, role: readOnly ? 'read' : one.role })),
    redact: redact as DashboardSettings['redact'],
    maxBytes: check.integer('maxBytes', maxBytes, 1_024, MAX_DASHBOARD_BYTES),
    title,
    publicUrl: given.publicUrl === undefined ? undefined : checkPublicUrl(check, given.publicUrl),
    enabled,
  };
}

function credentialsOf(given: unknown, environment: Environment): Required<DashboardCredentials>[] {
  if (given !== undefined) {
    const list: unknown[] = Array.isArray(given) ? given : [given];
    const checked = list.map((one, index) =>
      checkCredentials(Array.isArray(given) ? `credentials[${index}]` : 'credentials', one),
    );
    const names = new Set(checked.map(({ user }) => user));
    if (names.size < checked.length) check.fail('credentials', 'of different users', given);
    return checked;
  }
  const { dashboardUser, dashboardPassword: password } = environment;
  if (password === undefined) {
    if (dashboardUser === undefined) return [];
    throw new QueueConfigError(
      'SCALR_DASHBOARD_USER is set and SCALR_DASHBOARD_PASSWORD is not: set both, or neither',
    );
  }
  return [checkCredentials('SCALR_DASHBOARD_', { user: dashboardUser ?? 'admin', password })];
}

function checkCredentials(field: string, value: unknown): Required<DashboardCredentials> {
  const isVariable = field.endsWith('_');
  const nameOf = (part: string) => (isVariable ? `${field}${part.toUpperCase()}` : `${field}.${part}`);
  const { user, password, role = 'write' } = check.object(field, value, ['user', 'password', 'role']);
  return {
    ...checkLogin(check, nameOf, { user, password }),
    role: check.oneOf(nameOf('role'), role, ['read', 'write']),
  };
}

function refuseToOpen(credentials: readonly Required<DashboardCredentials>[]): void {
  if (credentials.length === 0) {
    throw new QueueConfigError(
      'the dashboard is mounted without credentials, which is refused in production: set SCALR_DASHBOARD_PASSWORD (or the ' +
        'option credentials), or enabled: false. Guards of Nest do not protect it.',
    );
  }
  refuseWeakPasswords('dashboard', credentials);
}

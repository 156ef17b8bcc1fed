import { resolveDashboard } from './dashboard.settings.js';

const good = { user: 'ada', password: 'f3ac1b0d9e7745aa' };
const resolve = (options: object, environment: object = {}, isProduction = false) =>
  resolveDashboard(options, environment, isProduction);

it('is closed, at /queues and for readers, unless it is told otherwise', () => {
  expect(resolve({})).toEqual({
    ui: 'bull-board',
    path: '/queues',
    credentials: [],
    redact: undefined,
    maxBytes: 16_384,
    title: undefined,
    publicUrl: undefined,
    enabled: true,
  });
});

it('takes what it is given', () => {
  const redact = () => 'x';
  const given = {
    ui: 'console',
    path: '/a/b-c',
    redact,
    maxBytes: 1_024,
    title: 'Jobs',
    publicUrl: 'https://ops.example.com/q',
  };
  expect(resolve({ ...given, credentials: good, readOnly: false })).toEqual({
    ...given,
    publicUrl: new URL('https://ops.example.com/q'),
    credentials: [{ ...good, role: 'write' }],
    enabled: true,
  });
});

it.each([
  [{}, {}, 'read'],
  [{}, { dashboardWrites: true }, 'write'],
  [{}, { dashboardWrites: false }, 'read'],
  [{ readOnly: true }, { dashboardWrites: true }, 'read'],
  [{ readOnly: false }, {}, 'write'],
])('with %o and %o lets its users %s', (options, environment, role) => {
  expect(resolve({ ...options, credentials: good }, environment).credentials).toEqual([{ ...good, role }]);
  const reader = { ...good, role: 'read' };
  expect(resolve({ ...options, credentials: [reader] }, environment).credentials).toEqual([reader]);
});

it('takes a user of the environment, of which the option is another', () => {
  const environment = { dashboardUser: 'bob', dashboardPassword: 'of the environment' };
  const user = (options: object, given: object) => resolve(options, given).credentials.map((one) => one.user);
  expect(user({}, environment)).toEqual(['bob']);
  expect(user({}, { dashboardPassword: 'of the environment' })).toEqual(['admin']);
  expect(user({ credentials: good }, environment)).toEqual(['ada']);
  expect(user({ credentials: [] }, environment)).toEqual([]);
  expect(user({ enabled: false }, environment)).toEqual([]);
  expect(() => resolve({}, { dashboardUser: 'bob' })).toThrow(
    'SCALR_DASHBOARD_USER is set and SCALR_DASHBOARD_PASSWORD is not: set both, or neither',
  );
  expect(() => resolve({}, { dashboardUser: 'a:b', dashboardPassword: 'x' })).toThrow(
    'expected SCALR_DASHBOARD_USER to be a string of 1 to 64 characters without a colon',
  );
  expect(() => resolve({}, { dashboardPassword: '' })).toThrow(
    'expected SCALR_DASHBOARD_PASSWORD to be a string of 1 to 256 characters',
  );
});

it('does not open in production without a password that holds', () => {
  expect(() => resolve({}, {}, true)).toThrow(
    'the dashboard is mounted without credentials, which is refused in production: set SCALR_DASHBOARD_PASSWORD (or the ' +
      'option credentials), or enabled: false. Guards of Nest do not protect it.',
  );
  const short = { user: 'bob', password: 'x'.repeat(11) };
  expect(() => resolve({ credentials: [good, short] }, {}, true)).toThrow(
    'the password of the dashboard user "bob" is refused in production: it has fewer than 12 characters. ' +
      'Make one with: openssl rand -hex 16',
  );
  expect(resolve({ credentials: [{ ...short, password: 'x'.repeat(12) }] }, {}, true).enabled).toBe(true);
  expect(resolve({ credentials: short }).enabled).toBe(true);
  expect(resolve({ enabled: false }, {}, true)).toMatchObject({ enabled: false, credentials: [] });
});

it.each<[object, string]>([
  [{ path: 7 }, 'expected path to be a path of letters, digits, "-" and "_", like /queues'],
  [{ path: '/queues/' }, 'expected path to be'],
  [{ path: '/.hidden' }, 'expected path to be'],
  [{ redact: 'x' }, 'expected redact to be a function (payload, job) => what to show'],
  [{ title: 7 }, 'expected title to be a string'],
  [{ enabled: 'no' }, 'expected enabled to be'],
  [{ readOnly: 'no' }, 'expected readOnly to be'],
  [{ maxBytes: 1_023 }, 'expected maxBytes to be an integer from 1024'],
  [{ nope: 1 }, 'nope'],
  [{ credentials: { ...good, user: 'x'.repeat(65) } }, 'expected credentials.user to be'],
  [{ credentials: { ...good, user: '' } }, 'expected credentials.user to be'],
  [{ credentials: { ...good, password: 'x'.repeat(257) } }, 'expected credentials.password to be'],
  [{ credentials: { ...good, role: 'admin' } }, 'expected credentials.role to be'],
  [{ credentials: [good, 7] }, 'credentials[1]'],
  [{ credentials: [good, { ...good, password: 'y' }] }, 'expected credentials to be of different users'],
  ...['x', 'ftp://a/b', 'https://u@a/b', 'https://:p@a/b', 'https://a/b?c', 'https://a/b#c', 7].map(
    (publicUrl) =>
      [{ publicUrl }, 'expected publicUrl to be a URL like https://ops.example.com/queues'] as [
        object,
        string,
      ],
  ),
])('refuses %o', (options, message) => {
  expect(() => resolve(options)).toThrow(message);
});

it('never shows a password that it refuses', () => {
  for (const password of ['hunter2'.repeat(40), ['hunter2']])
    expect(() => resolve({ credentials: { user: 'ada', password } })).toThrow(/^(?!.*hunter2)/s);
  expect(() => resolve({ publicUrl: 'https://u:hunter2@a/b' })).toThrow(/^(?!.*hunter2)/s);
});

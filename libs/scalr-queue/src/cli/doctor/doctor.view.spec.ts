import type { Finding } from '../../engine/finding.js';
import type { DoctorReport } from '../../doctor/doctor.report.js';
import { Paint } from '../output/paint.js';
import { renderDoctor, renderFinding } from './doctor.view.js';

const paint = new Paint({ isTTY: false }, {});
const keys = {
  keys: 12,
  seen: 12,
  apps: [
    { app: 'shop', keys: 9 },
    { app: 'crm', keys: 2 },
  ],
  foreign: 1,
  ownBytes: 2_048,
  measured: 1,
};
const report: DoctorReport = {
  app: 'shop',
  findings: [],
  healthy: true,
  notes: [],
  server: {
    version: '7.2.0',
    role: 'master',
    aofEnabled: false,
    evictionPolicy: 'noeviction',
    usedMemory: 1_024,
    maxMemory: 4_096,
    clients: 3,
    maxClients: 0,
    clockOffset: -1.6,
    clientsByApp: { shop: 2 },
  },
  keys,
  queues: ['mail', 'pdf'].map((name, at) => ({
    name,
    waiting: 1 + at,
    delayed: 0,
    running: at,
    dead: 4,
    paused: false,
    oldestPendingAgeMs: 0,
    nextJobs: [],
  })),
  workers: [],
};

it('shows what there is, the apps that share the Redis, and that nothing is wrong', () => {
  expect(renderDoctor(report, paint)).toBe(
    [
      'app               shop',
      'redis             7.2.0',
      'role              master',
      'append-only file  off',
      'eviction          noeviction',
      'memory            1.0 KiB of 4.0 KiB',
      'of this app       about 2.0 KiB (1 key measured)',
      'keys              12',
      'connections       3',
      'of this app       2',
      'clock             2 ms ahead of Redis',
      'queues            mail, pdf',
      'jobs              3 waiting, 0 delayed, 1 running, 8 dead',
      'workers           0',
      '',
      'APP   KEYS  CONNECTIONS',
      'shop     9            2',
      'crm      2            -',
      '',
      'nothing is wrong',
    ].join('\n'),
  );
});

it('shows what is wrong with its cure, what was not looked at, and only the ten largest apps', () => {
  const text = renderDoctor(
    {
      ...report,
      findings: [{ severity: 'danger', problem: 'JOBS CAN BE LOST\u001b[2J', cure: 'mend it' }],
      notes: ['load: not looked at'],
      server: { clockOffset: 12 },
      queues: [],
      workers: undefined,
      keys: {
        ...keys,
        seen: 6,
        ownBytes: undefined,
        apps: Array.from({ length: 11 }, (_, at) => ({ app: `app-${at}`, keys: 1 })),
      },
    },
    paint,
  );
  expect(text).toMatch(
    /^DANGER {2}JOBS CAN BE LOST\\x1b\[2J\n {2}fix: mend it\n\nnote: load: not looked at$/m,
  );
  expect(text).toMatch(/^keys +12 \(6 looked at\)$/m);
  expect(text).toMatch(/^clock +12 ms behind Redis$/m);
  expect(text).toMatch(/^queues +none$/m);
  expect(text).toMatch(/^app-9 /m);
  for (const left of ['app-10', 'nothing is wrong', 'workers', 'of this app', 'memory'])
    expect(text).not.toContain(left);
});

it('leaves out what is not known, and a column that fits no terminal', () => {
  const bare: DoctorReport = { app: 'shop', findings: [], healthy: true, notes: [] };
  expect(renderDoctor(bare, paint)).toBe('app  shop\n\nnothing is wrong');
  const server = { aofEnabled: true, usedMemory: 1_024, clients: 3, maxClients: 100, clockOffset: 0.4 };
  expect(renderDoctor({ ...bare, server, keys: { ...keys, apps: [] } }, paint)).toBe(
    [
      'app               shop',
      'append-only file  on',
      'memory            1.0 KiB',
      'of this app       about 2.0 KiB (1 key measured)',
      'keys              12',
      'connections       3 of 100',
      'clock             0 ms behind Redis',
      '',
      'nothing is wrong',
    ].join('\n'),
  );
  expect(renderDoctor(report, paint, 12)).toContain('\nAPP   KEYS\nshop     9\ncrm      2\n');
});

it('has a colour for each severity, and for what is well', () => {
  const coloured = new Paint({ isTTY: true }, {});
  const of = (severity: Finding['severity']) =>
    renderFinding({ severity, problem: 'p', cure: 'c' }, coloured);
  expect(of('fatal')).toBe('\u001b[31mFATAL\u001b[39m  p\n  fix: c');
  expect(of('danger')).toBe('\u001b[31mDANGER\u001b[39m  p\n  fix: c');
  expect(of('warning')).toBe('\u001b[33mWARNING\u001b[39m  p\n  fix: c');
  const bare: DoctorReport = { app: 'shop', findings: [], healthy: true, notes: ['a\u001b', 'b'] };
  expect(renderDoctor(bare, coloured)).toBe(
    [
      '\u001b[2mapp\u001b[22m  shop',
      '\u001b[32mnothing is wrong\u001b[39m',
      '\u001b[2mnote: a\\x1b\u001b[22m\n\u001b[2mnote: b\u001b[22m',
    ].join('\n\n'),
  );
});

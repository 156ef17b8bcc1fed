import type { Finding } from '../engine/finding.js';
import { toReport } from './doctor.report.js';

const finding = (severity: Finding['severity']): Finding => ({ severity, problem: severity, cure: '' });

it.each([
  [[], true, []],
  [['warning', 'warning'], true, ['warning', 'warning']],
  [['warning', 'danger'], false, ['danger', 'warning']],
  [['danger', 'warning', 'fatal'], false, ['fatal', 'danger', 'warning']],
] as const)('of %o is healthy: %s, with the worst first', (severities, healthy, order) => {
  const report = toReport('billing', severities.map(finding), { notes: ['a note'] });
  expect(report).toMatchObject({ app: 'billing', healthy, notes: ['a note'] });
  expect(report.findings.map(({ severity }) => severity)).toEqual(order);
});

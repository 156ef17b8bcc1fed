import { findingsOf, type ServerFacts } from './server-facts.js';

const WELL: ServerFacts = {
  version: '7.2.4',
  evictionPolicy: 'noeviction',
  aofEnabled: true,
  role: 'master',
  clockOffset: 0,
};
const found = (facts: Partial<ServerFacts>, missing: string[] = []) =>
  findingsOf({ ...WELL, ...facts }, missing, 'scalr:{billing}');

describe('what the preflight finds', () => {
  it('is nothing where all is well, or nothing is known', () => {
    expect(found({})).toEqual([]);
    expect(findingsOf({}, [], 'scalr:{billing}')).toEqual([]);
  });

  it.each([
    ['6.1.9', true],
    ['5.3.0', true],
    ['6.2.0', false],
    ['6.3', false],
    ['7.0.15', false],
    ['10.0.0', false],
  ])('is a version that is too old: %s %s', (version, isTooOld) => {
    const findings = isTooOld
      ? [{ severity: 'warning', problem: `Redis ${version} is older than 6.2`, cure: 'Upgrade Redis' }]
      : [];
    expect(found({ version })).toEqual(findings);
  });

  it.each([
    [1_000, undefined],
    [-1_000, undefined],
    [1_600, 'The clock of this process is 2 s behind that of Redis'],
    [-7_400, 'The clock of this process is 7 s ahead of that of Redis'],
  ])('is a clock that is off by more than a second: %s ms', (clockOffset, problem) => {
    const [finding] = found({ clockOffset });
    expect(finding?.severity).toBe(problem && 'warning');
    expect(finding?.problem.split(';')[0]).toBe(problem);
  });

  it('is what loses jobs, as a danger', () => {
    const severities = (facts: Partial<ServerFacts>) => found(facts).map(({ severity }) => severity);
    expect(severities({ evictionPolicy: 'allkeys-lru', aofEnabled: false })).toEqual(['danger', 'danger']);
  });

  it('is less where only the history needs a permission', () => {
    expect(found({}, ['bitfield'])).toEqual([
      {
        severity: 'warning',
        problem: 'The Redis user may not use bitfield on scalr:{billing}:*, so that no history is kept',
        cure: 'Grant it: ACL SETUSER <user> ~scalr:{billing}:* +bitfield; scalr-queue acl prints the whole list',
      },
    ]);
  });

  it('is what makes work impossible: a replica, and missing permissions, with the grant', () => {
    expect(found({ role: 'slave' })).toMatchObject([
      { severity: 'fatal', problem: 'This Redis is a replica and takes no writes' },
    ]);
    expect(found({}, ['xadd', 'eval'])).toEqual([
      {
        severity: 'fatal',
        problem: 'The Redis user may not use xadd, eval on scalr:{billing}:*',
        cure: 'Grant it: ACL SETUSER <user> ~scalr:{billing}:* +xadd +eval; scalr-queue acl prints the whole list',
      },
    ]);
  });
});

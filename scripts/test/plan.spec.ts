import { planOf } from './plan.mjs';

describe('the plan of npm test', () => {
  const titles = (...args: string[]) =>
    planOf(args).stages.map((lanes) => lanes.map((lane) => lane.map((step) => step.title)));

  it('is everything without a word', () => {
    expect(titles()).toEqual([
      [['build'], ['format']],
      [['e2e'], ['package', 'unit', 'lint', 'types', 'types of the scripts'], ['integration']],
      [['faults-quick']],
      [['soak']],
    ]);
  });

  it('is one project and its filters when one is named', () => {
    const { stages } = planOf(['unit', 'job-id', 'schema']);

    expect(stages).toEqual([[[{ title: 'unit', projects: ['unit'], filters: ['job-id', 'schema'] }]]]);
  });

  it('needs no Redis for unit tests, and one for all others', () => {
    expect(planOf(['unit']).needsServers).toBe(false);
    expect(planOf(['integration']).needsServers).toBe(true);
  });

  it('builds before tests that run what was built', () => {
    expect(titles('integration')).toEqual([[['build', 'integration']]]);
    expect(titles('e2e')).toEqual([[['build', 'e2e']]]);
    expect(titles('faults')).toEqual([[['build', 'faults']]]);
  });

  it('refuses a part it does not know, and says which there are', () => {
    expect(() => planOf(['units'])).toThrow(/unknown part "units"[^]*unit, integration, e2e/);
  });
});

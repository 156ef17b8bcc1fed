import { planOf } from './plan.mjs';

describe('the plan of npm test', () => {
  const titles = (...args: string[]) =>
    planOf(args).stages.map((lanes) => lanes.map((lane) => lane.map((step) => step.title)));

  it('is everything without a word', () => {
    expect(titles()).toEqual([
      [
        ['build', 'types'],
        ['format', 'lint', 'types of the scripts'],
      ],
      [['e2e'], ['unit', 'integration']],
      [['faults-quick']],
      [['soak']],
    ]);
  });

  it('is one project and its filters when one is named', () => {
    const { stages, needsRedis } = planOf(['integration', 'dead-letter']);

    expect(stages).toEqual([[[{ title: 'integration', project: 'integration', filters: ['dead-letter'] }]]]);
    expect(needsRedis).toBe(true);
  });

  it('needs no Redis for unit tests', () => {
    expect(planOf(['unit']).needsRedis).toBe(false);
  });

  it('builds before end-to-end tests, which run what was built', () => {
    expect(titles('e2e')).toEqual([[['build', 'e2e']]]);
    expect(titles('faults')).toEqual([[['build', 'faults']]]);
  });

  it('refuses a part it does not know, and says which there are', () => {
    expect(() => planOf(['units'])).toThrow(/unknown part "units"[^]*unit, integration, e2e/);
  });
});

import { planOf } from './plan.mjs';

describe('the plan of npm test', () => {
  const titles = (...args: string[]) => planOf(args).steps.map((step) => step.title);

  it('is everything without a word', () => {
    expect(titles()).toEqual([
      'format',
      'lint',
      'build',
      'types',
      'types of the scripts',
      'unit',
      'integration',
      'e2e',
      'faults-quick',
      'soak',
    ]);
  });

  it('is one project and its filters when one is named', () => {
    const { steps, needsRedis } = planOf(['integration', 'dead-letter']);

    expect(steps).toEqual([{ title: 'integration', project: 'integration', filters: ['dead-letter'] }]);
    expect(needsRedis).toBe(true);
  });

  it('needs no Redis for unit tests', () => {
    expect(planOf(['unit']).needsRedis).toBe(false);
  });

  it('builds before end-to-end tests, which run what was built', () => {
    expect(titles('e2e')).toEqual(['build', 'e2e']);
    expect(titles('faults')).toEqual(['build', 'faults']);
  });

  it('refuses a part it does not know, and says which there are', () => {
    expect(() => planOf(['units'])).toThrow(/unknown part "units"[^]*unit, integration, e2e/);
  });
});

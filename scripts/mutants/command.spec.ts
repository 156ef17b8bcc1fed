import { commandOf } from './command.mjs';

describe('the command line of the mutants', () => {
  const existing = ['engine/redis', 'jobs'];

  it('runs every folder, against the baseline', () => {
    expect(commandOf([], existing)).toMatchObject({ folders: existing, isStandard: true, update: false });
  });

  it('runs the folders that are named, and refuses one that is not there', () => {
    expect(commandOf(['--folder', 'jobs'], existing).folders).toEqual(['jobs']);
    expect(() => commandOf(['--folder', 'job'], existing)).toThrow(
      'no folder "job"; there are engine/redis, jobs',
    );
  });

  it('compares no other sample with the baseline, and never writes it as one', () => {
    expect(commandOf(['--sample', '5'], existing).isStandard).toBe(false);
    expect(commandOf(['--seed', 'other'], existing).isStandard).toBe(false);
    expect(() => commandOf(['--sample', '5', '--update'], existing)).toThrow(/standard sample/);
  });

  it.each(['0', '-1', '1.5', 'many'])('refuses a sample of %s', (size) => {
    expect(() => commandOf([`--sample=${size}`], existing)).toThrow(/whole number/);
  });
});

import { mutantsOf } from './mutations.mjs';
import { complaints, nameOf, scoreOf, staleEquivalents, updated, withoutEquivalents } from './score.mjs';

const mutants = mutantsOf('a/b.ts', 'one();\ntwo();\nthree();');
const outcomes = (...verdicts: ('killed' | 'survived' | 'undecided')[]) =>
  verdicts.map((verdict, index) => ({ mutant: mutants[index % mutants.length]!, verdict }));

describe('scores', () => {
  it('are the percentage killed, rounded down', () => {
    expect(scoreOf(outcomes('killed', 'killed', 'survived'))).toBe(66);
    expect(scoreOf(outcomes('killed', 'killed'))).toBe(100);
    expect(scoreOf(outcomes('survived'))).toBe(0);
    expect(scoreOf(outcomes('killed', 'undecided'))).toBe(50);
  });

  it('may rise and may not fall', () => {
    expect(complaints({ jobs: 80, cli: 60 }, { jobs: 80, cli: 50 })).toEqual([]);
    expect(complaints({ jobs: 79 }, { jobs: 80 })).toEqual(['jobs fell from 80 % to 79 %']);
  });

  it('need a record for each folder, and those that were not run keep theirs', () => {
    expect(complaints({ fresh: 100 }, { jobs: 80 })).toEqual([
      'fresh has no score on record: run it with --update',
    ]);
  });

  it('are stored in order, without folders that are gone', () => {
    const stored = updated({ jobs: 90, fresh: 70 }, { jobs: 80, cli: 50, gone: 40 }, [
      'jobs',
      'cli',
      'fresh',
    ]);
    expect(Object.entries(stored)).toEqual([
      ['cli', 50],
      ['fresh', 70],
      ['jobs', 90],
    ]);
  });
});

describe('mutants that change nothing', () => {
  const equivalents = [
    { file: 'a/b.ts', what: 'dropped: two();', reason: 'it only warms a cache' },
    { file: 'a/c.ts', what: 'dropped: two();', reason: 'it is gone' },
  ];

  it('are not counted', () => {
    const counted = withoutEquivalents(mutants, equivalents).map(nameOf);
    expect(counted).toEqual(['a/b.ts:1  dropped: one();', 'a/b.ts:3  dropped: three();']);
  });

  it('are told when they are not there any more', () => {
    expect(staleEquivalents(mutants, equivalents)).toEqual([equivalents[1]]);
  });
});

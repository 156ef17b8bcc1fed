import { Postponed, Released } from '../engine/run-ends.js';
import { formatFailure } from '../engine/failure.js';
import { outcomeOf } from './attempt.outcome.js';

describe('what a span tells of an attempt', () => {
  const error = { name: 'TypeError', message: 'no such thing', code: 'E_X' };
  const thrown = (kind: Parameters<typeof formatFailure>[0]) =>
    outcomeOf(new Error(formatFailure(kind, error)));

  it('is that nothing went wrong when the job goes back', () => {
    expect(outcomeOf(new Postponed())).toEqual({ outcome: 'postponed' });
    expect(outcomeOf(new Released())).toEqual({ outcome: 'handed-back' });
    expect(thrown('cancelled')).toEqual({ outcome: 'cancelled' });
  });

  it('is the error of the handler, and the reason when the job is dead', () => {
    expect(thrown('retrying')).toEqual({ outcome: 'retrying', error });
    expect(thrown('discarded')).toEqual({ outcome: 'dead', reason: 'discarded', error });
    expect(thrown('attempts')).toEqual({ outcome: 'dead', reason: 'attempts', error });
  });

  it('is only that it failed when a class of @nestjs/bullmq threw: what follows is for the engine to say', () => {
    const foreign = outcomeOf(new RangeError('too far'));
    expect(foreign).toMatchObject({ outcome: 'failed', error: { name: 'RangeError', message: 'too far' } });
    expect(foreign).not.toHaveProperty('reason');
  });
});

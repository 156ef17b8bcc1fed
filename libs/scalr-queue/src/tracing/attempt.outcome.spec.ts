import { Postponed, Released } from '../engine/run-ends.js';
import { AttemptFailure } from '../engine/attempt-failure.js';
import type { FailureKind } from '../engine/failure.js';
import { outcomeOf } from './attempt.outcome.js';

describe('what a span shows of an attempt', () => {
  const error = { name: 'TypeError', message: 'no such thing', code: 'E_X' };
  const thrown = (kind: FailureKind) =>
    outcomeOf(new AttemptFailure(kind, Object.assign(new TypeError(error.message), { code: 'E_X' }), 1, 0));

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
    const alike = outcomeOf(new Error('cancelled Error: by the customer'));
    expect(alike).toMatchObject({
      outcome: 'failed',
      error: { message: 'cancelled Error: by the customer' },
    });
  });
});

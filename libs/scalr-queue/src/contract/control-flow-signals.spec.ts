import { Discard, ControlFlowSignal, RetryLater, Snooze } from './control-flow-signals.js';

describe('a signal', () => {
  it.each<[ControlFlowSignal, string, string]>([
    [new RetryLater('10m'), 'RetryLater', 'retry in 600000 ms'],
    [new RetryLater(0), 'RetryLater', 'retry in 0 ms'],
    [new Snooze('1h'), 'Snooze', 'snoozed for 3600000 ms'],
    [new Discard('no such invoice'), 'Discard', 'no such invoice'],
  ])('is an error with a name and a message, number %#', (signal, name, message) => {
    expect(signal).toBeInstanceOf(ControlFlowSignal);
    expect(signal).toBeInstanceOf(Error);
    expect(signal).toMatchObject({ name, message });
  });

  it('knows its delay in milliseconds and its cause', () => {
    const cause = new Error('429');
    expect(new RetryLater('10m', { cause })).toMatchObject({ delay: 600_000, cause });
    expect(new Snooze(5).delay).toBe(5);
    expect(new Discard('x', { cause }).cause).toBe(cause);
  });

  it.each<[() => unknown, string]>([
    [() => new RetryLater(-1), 'expected the delay of RetryLater to be a duration from 0 to'],
    [() => new RetryLater('5000' as never), 'expected the delay of RetryLater to be a duration from 0 to'],
    [() => new RetryLater(Number.NaN), 'expected the delay of RetryLater to be a duration from 0 to'],
    [() => new Snooze(0), 'expected the delay of Snooze to be a duration from 1 to'],
    [() => new Snooze(undefined as never), 'expected the delay of Snooze to be a duration from 1 to'],
  ])('is refused with a wrong delay, number %#', (make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    );
  });
});

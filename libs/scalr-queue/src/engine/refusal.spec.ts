import { refusal } from './refusal.js';

describe('the errors of a burst of refusals', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'], now: Date.now() }));
  afterEach(() => void vi.useRealTimers());
  /** Later than whatever was refused before in this process. */
  let hours = 0;
  const nextHour = () => void vi.advanceTimersByTime(3_600_000 * ++hours);
  const isTraced = (error: Error) => (error.stack ?? '').includes('\n    at ');

  it('have a stack trace for the first hundred of a second, and cost little from then on', () => {
    nextHour();
    const { stackTraceLimit } = Error;
    const errors = Array.from({ length: 150 }, () => refusal(() => new Error('refused')));
    expect(errors.filter(isTraced)).toHaveLength(100);
    expect(errors.slice(0, 100).every(isTraced)).toBe(true);
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    vi.advanceTimersByTime(1_000);
    expect(isTraced(refusal(() => new Error('refused')))).toBe(true);
  });

  it('leave the traces of others alone when one cannot be made', () => {
    nextHour();
    const { stackTraceLimit } = Error;
    for (let made = 0; made < 101; made++) refusal(() => new Error('refused'));
    const fail = () => {
      throw new Error('no');
    };
    expect(() => refusal(fail)).toThrow('no');
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });
});

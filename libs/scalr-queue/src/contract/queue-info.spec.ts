import { sayUnhandled } from './queue-info.js';

describe('a kind of job that no live worker handles', () => {
  it('is told with the worker that had its handler last', () => {
    const lastHandledBy = { worker: 'billing 1.3.0 on vm-1, process 7', seenAt: new Date(0) };
    expect(sayUnhandled({ name: 'mail.send', queue: 'mail', lastHandledBy })).toBe(
      'no live worker handles mail.send; billing 1.3.0 on vm-1, process 7 had its handler last, until 1970-01-01T00:00:00.000Z',
    );
  });

  it('is told apart from one that none ever handled', () => {
    expect(sayUnhandled({ name: 'mail.send', queue: 'mail' })).toBe(
      'no live worker handles mail.send; none has announced a handler for it yet',
    );
  });
});

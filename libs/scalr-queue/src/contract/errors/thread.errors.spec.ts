import { JobThreadError } from './thread.errors.js';

describe('the error of a thread', () => {
  it('says whose thread it was and what it died of, with both stacks', () => {
    const cause = new RangeError('out of memory');
    const error = new JobThreadError('ReportProcessor.run', cause);
    expect(error).toMatchObject({
      code: 'JOB_THREAD',
      message: 'the thread of ReportProcessor.run failed: RangeError: out of memory',
      cause,
    });
    expect(error.stack).toContain(`caused by ${cause.stack}`);
    expect(error.stack).toContain('JobThreadError');
  });

  it('tells what was thrown when that is no error', () => {
    const error = new JobThreadError('ReportProcessor.run', 'exit code 7');
    expect(error.message).toBe('the thread of ReportProcessor.run failed: Error: exit code 7');
    expect(error.cause).toBe('exit code 7');
  });

  it('is one class in all copies of the package', () => {
    expect(Symbol.for('scalr-queue.class.JobThreadError') in new JobThreadError('a', 'b')).toBe(true);
  });
});

import { inspect } from 'node:util';
import {
  OutcomeUnknownError,
  QueueFullError,
  QueueUnavailableError,
} from '../../../contract/errors/enqueue.errors.js';
import { isRefusal, toEnqueueError } from './redis-error.js';

const meaningOf = (error: unknown) => toEnqueueError(error, ['a']).constructor;

describe('what an error of Redis means for a job', () => {
  it.each([
    "READONLY You can't write against a read only replica.",
    'NOREPLICAS Not enough good replicas to write.',
    'EXECABORT Transaction discarded because of previous errors.',
    'NOSCRIPT No matching script. Please use EVAL.',
    'CLUSTERDOWN Hash slot not served',
    'CLUSTERDOWN The cluster is down',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'MOVED 3999 127.0.0.1:6381',
    'ASK 3999 127.0.0.1:6381',
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    'NOAUTH Authentication required.',
    'WRONGPASS invalid username-password pair or user is disabled.',
    "NOPERM this user has no permissions to run the 'evalsha' command",
    'DENIED Redis is running in protected mode',
    "CROSSSLOT Keys in request don't hash to the same slot",
    'Too many Cluster redirections. Last error: ReplyError: MOVED 3999 127.0.0.1:6381',
    'Too many Cluster redirections. Last error: Error: Connection is closed.',
    "READONLY You can't write against a read only replica. script: 9f2, on @user_script:53.",
    'ERR Error running script (call to f_9f2): @user_script:53: @user_script: 53: -MISCONF Errors writing to the AOF file',
    "Stream isn't writeable and enableOfflineQueue options is false",
    "Cluster isn't ready and enableOfflineQueue options is false",
  ])('refused, so that nothing is enqueued: %s', (message) => {
    expect(meaningOf(new Error(message))).toBe(QueueUnavailableError);
  });

  it.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    "OOM command not allowed when used memory > 'maxmemory'. script: 9f2, on @user_script:53.",
    "ERR Error running script (call to f_9f2): @user_script:53: @user_script: 53: -OOM command not allowed when used memory > 'maxmemory'.",
  ])('full: %s', (message) => {
    expect(meaningOf(new Error(message))).toBe(QueueFullError);
  });

  it('takes a discarded transaction for what it was discarded for', () => {
    const discarded = Object.assign(
      new Error('EXECABORT Transaction discarded because of previous errors.'),
      { previousErrors: [new Error("OOM command not allowed when used memory > 'maxmemory'.")] },
    );
    expect(meaningOf(discarded)).toBe(QueueFullError);
  });

  it.each([
    'Command timed out',
    'Connection is closed.',
    'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
    'the connection was closed before the reply came',
    'ERR Error running script (call to f_9f2): @user_script:9: attempt to index a nil value',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    // The script may have written before it met the command that it may not use.
    "NOPERM this user has no permissions to run the 'xadd' command script: 9f2, on @user_script:53.",
    "ERR Error running script (call to f_9f2): @user_script:53: @user_script: 53: -NOPERM this user has no permissions to run the 'xadd' command",
    'SOMETHING that nobody has heard of',
  ])('unknown: %s', (message) => {
    const error = toEnqueueError(new Error(message), ['job-7']);
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ jobId: 'job-7' });
  });

  it('never passes on the arguments of the command', () => {
    const reply = Object.assign(new Error('READONLY replica'), {
      command: { name: 'eval', args: ['secret'] },
    });
    expect(inspect(toEnqueueError(reply, ['a']), { depth: 5 })).not.toContain('secret');
    expect(toEnqueueError(reply, ['a']).cause).not.toHaveProperty('command');
  });

  it('lets a worker wait where Redis says no', () => {
    expect(isRefusal(new Error('CLUSTERDOWN Hash slot not served'))).toBe(true);
    expect(isRefusal(new Error('EXECABORT Transaction discarded because of previous errors.'))).toBe(true);
    expect(isRefusal(new Error('Connection is closed.'))).toBe(false);
  });
});

import { inspect } from 'node:util';
import {
  OutcomeUnknownError,
  QueueFullError,
  QueueUnavailableError,
} from '../../../contract/errors/enqueue.errors.js';
import { StoredDataError } from '../../../contract/errors/stored-data.error.js';
import { isNeverSent, isRefusal, messageOf, toEnqueueError, toReadError } from './redis-error.js';

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

describe('what an error of Redis means for a read', () => {
  const unavailable = (message: string) => {
    const error = toReadError(new Error(message));
    expect(error).toBeInstanceOf(QueueUnavailableError);
    expect(error.message).not.toContain('enqueued');
    return error.message;
  };

  it('is that it refuses, with the reason and the reply', () => {
    expect(unavailable('LOADING Redis is loading the dataset in memory')).toBe(
      'Redis refuses: it is loading its data from disk (LOADING Redis is loading the dataset in memory)',
    );
    expect(unavailable("NOPERM this user has no permissions to run the 'hget' command")).toMatch(
      /^the Redis user may not use HGET\. Grant it: ACL SETUSER <user> \+hget /,
    );
    // Of the write of a script, which is named in it.
    expect(unavailable('MISCONF Errors writing to the AOF file script: 9f2, on @user_script:53.')).toBe(
      'Redis refuses: it cannot save to disk (MISCONF Errors writing to the AOF file)',
    );
  });

  it('is that it answered otherwise, or not at all', () => {
    expect(unavailable('ERR unknown command')).toBe('Redis refused: ERR unknown command');
    expect(unavailable('Connection is closed.')).toBe('Redis did not answer: Connection is closed.');
    expect(toReadError('a text').message).toBe('Redis did not answer: a text');
  });

  it.each<unknown>([
    new Error('WRONGTYPE Operation against a key holding the wrong kind of value'),
    new Error('ERR Error running script (call to f_9f2): @user_script:9: attempt to index a nil value'),
    new Error('ERR user_script:9: attempt to index a nil value'),
    new SyntaxError('Unexpected token'),
    new RangeError('Invalid time value'),
  ])('is that what it holds cannot be read: %s', (error) => {
    expect(toReadError(error)).toBeInstanceOf(StoredDataError);
    expect(toReadError(error).message).toMatch(/^what Redis holds for the app cannot be read: /);
  });

  it('is what an error of the library says already', () => {
    const error = new QueueUnavailableError('Redis is away');
    expect(toReadError(error)).toBe(error);
    expect(toEnqueueError(error, ['a'])).toBe(error);
  });
});

describe('the text of an error for a log', () => {
  const cases: [string, Error, string][] = [
    ['as it is', new Error('read ECONNRESET'), 'read ECONNRESET'],
    [
      'the first of several',
      new AggregateError([new Error('connect ECONNREFUSED')], ''),
      'connect ECONNREFUSED',
    ],
    ['its name, where it has none', new AggregateError([], ''), 'AggregateError'],
    [
      'of the node that was asked last',
      Object.assign(new Error('Failed to refresh slots cache.'), {
        lastNodeError: new Error('self-signed certificate'),
      }),
      'no node of the cluster answers: its certificate comes from an authority that this process does not trust: name the file of its CA in SCALR_REDIS_CA (or give redis.tls.ca)',
    ],
    [
      'of the sentinel that was asked last',
      new Error(
        'All sentinels are unreachable. Retrying from scratch after 100ms. Last error: connect ECONNREFUSED',
      ),
      'no sentinel answers: connect ECONNREFUSED',
    ],
    [
      'of the permission that is missing',
      new Error("NOPERM this user has no permissions to run the 'zadd' command"),
      'the Redis user may not use ZADD. Grant it: ACL SETUSER <user> +zadd ("scalr-queue acl" prints the whole list)',
    ],
    [
      'without the place in a script',
      new Error('BUSY Redis is busy script: 9f2, on @user_script:53.'),
      'BUSY Redis is busy',
    ],
  ];
  it.each(cases)('is %s', (_what, error, text) => expect(messageOf(error)).toBe(text));

  it.each<[string, string]>([
    ['All sentinels are unreachable. Last error: NOAUTH Authentication required.', 'the sentinels refuse the password: check redis.sentinelPassword'],
    ['All sentinels are unreachable. Last error: WRONGPASS invalid', 'the sentinels refuse the password: check redis.sentinelPassword'],
    ['All sentinels are unreachable and retry is disabled.', 'the sentinels know no master of that name: check redis.name'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'it refuses the user or the password: check SCALR_REDIS_URL (or the option redis)'],
    ['NOAUTH Authentication required.', 'it refuses the user or the password: check SCALR_REDIS_URL (or the option redis)'],
    ['ERR DB index is out of range', 'it has no database of that number: raise its setting "databases", or choose another one in SCALR_REDIS_URL (or redis.db)'],
    ['unable to verify the first certificate', 'its certificate comes from an authority that this process does not trust: name the file of its CA in SCALR_REDIS_CA (or give redis.tls.ca)'],
    ['unable to get local issuer certificate', 'its certificate comes from an authority that this process does not trust: name the file of its CA in SCALR_REDIS_CA (or give redis.tls.ca)'],
    ['certificate has expired', 'its certificate has expired: renew it'],
    ['certificate is not yet valid', 'its certificate is not valid yet: compare the clocks'],
    ["Hostname/IP does not match certificate's altnames: Host: a.", 'its certificate is for another host: connect by a name that is in it, or set redis.tls.servername'],
    ['error:0A00010B:SSL routines::wrong version number', 'it does not speak TLS there: use redis://, or the TLS port'],
    ['error:0A0000C6:SSL routines::packet length too long', 'it does not speak TLS there: use redis://, or the TLS port'],
    ['Unknown RESP type 21 "\u0015". Please report this.', 'it speaks TLS there: use rediss://'],
  ])('says what it means: %s', (message, meaning) => expect(messageOf(new Error(message))).toBe(meaning)); // prettier-ignore

  it('tells a command that found no connection from one that failed', () => {
    expect(isNeverSent(new Error("Stream isn't writeable and enableOfflineQueue options is false"))).toBe(
      true,
    );
    expect(isNeverSent(new Error('Connection is closed.'))).toBe(false);
  });
});

import { DATA_MISSING, unreadable } from '../stored-fault.js';
import { RECORD_FIELDS, toRecord } from './job-record.js';

/** The last moment that a date can be. */
const LAST = 8_640_000_000_000_000;
const ENQUEUED = 1_764_200_000_000;

/** What Redis answers for a record of these fields; a number is the size of one that it keeps to itself. */
const recordOf = (fields: Record<string, string | number>, kind = 'hash') =>
  toRecord('mail', 'send~1', [kind, ...RECORD_FIELDS.map((field) => fields[field] ?? null)]);

const sound = { name: 'send', data: '{"to":"ann"}', timestamp: `${ENQUEUED}` };

describe('a stored record', () => {
  it('is read as the engine wrote it', () => {
    const record = recordOf({
      ...sound,
      opts: '{"attempts":3,"tm":"00-trace","scalr":{"timeout":5}}',
      delay: '7',
      priority: '2',
      atm: '1',
      ats: '2',
      processedOn: `${ENQUEUED + 1}`,
      finishedOn: `${ENQUEUED + 2}`,
      progress: '50',
      returnvalue: '{"ok":true}',
      failedReason: 'attempts Error: x',
      defa: 'cancelled',
      stacktrace: '["first",7,"second"]',
      deid: 'send~key',
    });
    expect(record).toEqual({
      job: {
        id: 'send~1',
        queueName: 'mail',
        name: 'send',
        timestamp: ENQUEUED,
        data: { to: 'ann' },
        opts: { attempts: 3, scalr: { timeout: 5 }, telemetry: { metadata: '00-trace' } },
        delay: 7,
        priority: 2,
        attemptsMade: 1,
        attemptsStarted: 2,
        processedOn: ENQUEUED + 1,
        finishedOn: ENQUEUED + 2,
        progress: 50,
        returnvalue: { ok: true },
        stacktrace: ['first', 'second'],
        failedReason: 'attempts Error: x',
        deferredFailure: 'cancelled',
        deduplicationId: 'send~key',
      },
    });
  });

  it('of which little is left is told with what its id says', () => {
    const { job, fault } = recordOf({}, 'none');
    expect(fault).toEqual(DATA_MISSING);
    expect(job).toEqual({
      id: 'send~1',
      queueName: 'mail',
      name: 'send',
      timestamp: 0,
      data: undefined,
      opts: {},
      delay: 0,
      priority: 0,
      attemptsMade: 0,
      attemptsStarted: 0,
      progress: 0,
      returnvalue: undefined,
      stacktrace: [],
    });
    expect(toRecord('mail', '42', ['none']).job.name).toBe('unknown');
    expect(recordOf({ attemptsMade: '4' }).job.attemptsMade).toBe(4);
  });

  it('has no number that a date cannot be', () => {
    for (const text of [`${LAST}`, `-${LAST}`])
      expect(recordOf({ ...sound, timestamp: text }).job.timestamp).toBe(Number(text));
    for (const text of [`${LAST + 1}`, `-${LAST + 1}`, '1e300', 'soon'])
      expect(recordOf({ ...sound, timestamp: text }).job.timestamp).toBe(0);
  });

  it.each([
    ['is no hash', recordOf({}, 'string'), unreadable('its record is a string, not a hash')],
    [
      'has a payload too large to be shown',
      recordOf({ ...sound, data: 31_000_000 }),
      unreadable('data is too large to be shown: 31000000 bytes'),
    ],
    ['has a payload that is no JSON', recordOf({ ...sound, data: '{' }), unreadable('data is not JSON')],
    ['has lost its payload', recordOf({ name: 'send' }), DATA_MISSING],
    ['has options that are none', recordOf({ ...sound, opts: '[]' }), unreadable('opts is not an object')],
  ])('says what keeps it from being read: it %s', (_what, record, fault) => {
    expect(record.fault).toEqual(fault);
    expect(record.job).toMatchObject({ id: 'send~1', name: 'send', opts: {} });
  });
});

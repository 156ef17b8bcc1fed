import { formatFailure } from '../engine/failure.js';
import { reachOf, toShownJob, toShownLines } from './shown-job.js';

const rules = { maxBytes: 16_384 };
const stored = { id: 'send~1', name: 'send', data: '{"to":"ada"}', timestamp: '1000' };
const shown = (fields: object = {}, more: object = {}) =>
  toShownJob({ ...stored, ...fields }, 'mail', { ...rules, ...more });

it('shows what is stored of a job, and nothing in the place of what is not', async () => {
  expect(await shown()).toEqual({
    id: 'send~1',
    name: 'send',
    failedReason: '',
    data: { to: 'ada' },
    returnvalue: null,
    progress: 0,
    stacktrace: [],
    opts: {},
    timestamp: 1_000,
    attemptsMade: 0,
    delay: 0,
  });
  const all = {
    returnvalue: '{"ok":true}',
    progress: '50',
    stacktrace: '["Error: a","Error: b",7]',
    atm: '2',
    ats: '3',
    stc: '4',
    delay: '5',
    priority: '6',
    processedOn: '7',
    finishedOn: '8',
    failedReason: formatFailure('discarded', { name: 'TypeError', message: 'no', code: 'E_NO' }),
  };
  expect(await shown(all)).toMatchObject({
    returnvalue: { ok: true },
    progress: 50,
    stacktrace: ['Error: a', 'Error: b'],
    attemptsMade: 2,
    attemptsStarted: 3,
    stalledCounter: 4,
    delay: 5,
    priority: 6,
    processedOn: 7,
    finishedOn: 8,
    failedReason: 'TypeError [E_NO]: no (discarded)',
  });
  const retrying = formatFailure('retrying', { name: 'Error', message: 'no password=hunter2' });
  expect(await shown({ failedReason: retrying })).toMatchObject({
    failedReason: 'Error: no password=[redacted]',
  });
  // Of a job whose data is gone the id tells the name.
  expect(await toShownJob({ id: 'send~1' }, 'mail', rules)).toMatchObject({
    name: 'send',
    timestamp: 0,
  });
});

it('shows of the options what says how the job is run, its times as dates', async () => {
  const opts = {
    attempts: 3,
    delay: 5,
    priority: 1,
    removeOnFail: true,
    de: { id: 'ada@example.com' },
    scalr: {
      expiresAt: 1_000,
      scheduledFor: 2_000,
      timeout: 30,
      retry: { attempts: 3 },
      slot: { schedule: 's' },
    },
  };
  expect((await shown({ opts: JSON.stringify(opts) })).opts).toEqual({
    attempts: 3,
    delay: 5,
    priority: 1,
    timeout: 30,
    retry: { attempts: 3 },
    expiresAt: '1970-01-01T00:00:01.000Z',
    scheduledFor: '1970-01-01T00:00:02.000Z',
  });
  for (const odd of ['[', 'null', '7', JSON.stringify({ scalr: { expiresAt: 9e15, scheduledFor: 'x' } })])
    expect((await shown({ opts: odd })).opts).toEqual({});
});

it('hides secrets in payloads, results, progress, stacks and lines', async () => {
  const fields = {
    data: '{"apiKey":"hunter2","url":"redis://u:hunter2@h"}',
    returnvalue: '{"token":"hunter2"}',
    progress: '{"password":"hunter2"}',
    stacktrace: '["Error: password=hunter2"]',
  };
  const job = await shown(fields);
  expect(job).toMatchObject({
    data: { apiKey: '[redacted]', url: 'redis://[redacted]@h' },
    returnvalue: { token: '[redacted]' },
    progress: { password: '[redacted]' },
    stacktrace: ['Error: password=[redacted]'],
  });
  expect(await toShownLines(['a', 'password=hunter2', 'b'], 1_000)).toEqual([
    'a',
    'password=[redacted]',
    'b',
  ]);
});

it('shows what the hook of the app makes of a payload, without its secrets', async () => {
  const seen: unknown[] = [];
  const redact = (payload: unknown, job: unknown) => {
    seen.push(payload, job);
    return { to: 'X', password: 'hunter2' };
  };
  expect((await shown({}, { redact })).data).toEqual({ to: 'X', password: '[redacted]' });
  expect(seen).toEqual([{ to: 'ada' }, { id: '1', name: 'send', queue: 'mail' }]);
  expect((await shown({}, { redact: () => undefined })).data).toBeNull();
  expect((await shown({ data: '{' }, { redact })).data).toBe('[not readable as JSON]');
  expect((await shown({ data: undefined }, { redact })).data).toBeUndefined();
  expect((await shown({ data: { bytes: 900 } }, { redact })).data).toBe('... truncated, 900 bytes in all');
  expect([reachOf(rules).wholePayload, reachOf({ ...rules, redact }).wholePayload]).toEqual([false, true]);
  expect(reachOf(rules).bytes).toBe(16_384 + 4_096);
});

it('cuts what is too long, before the last word, and says how long it was', async () => {
  const text = `${'word '.repeat(400)}end`;
  const { data, returnvalue } = await shown(
    { data: JSON.stringify({ text }), returnvalue: '"more"' },
    { maxBytes: 100 },
  );
  expect(data).toBe(`{"text":"${'word '.repeat(18)}w ... truncated, 2014 bytes in all`);
  expect(returnvalue).toBe('... truncated, 6 bytes in all');
  // Of a value that was not read whole its beginning is completed.
  const beginning = { beginning: '{"a":1,"b":"two words and hun', bytes: 5_000 };
  expect((await shown({ data: beginning })).data).toBe(
    '{"a":1,"b":"two words and "} ... truncated, 5000 bytes in all',
  );
  expect((await shown({ stacktrace: { beginning: '["Error: one two', bytes: 900 } })).stacktrace).toEqual([
    'Error: one ',
  ]);
  expect((await shown({ stacktrace: { bytes: 900 } })).stacktrace).toEqual([
    '... truncated, 900 bytes in all',
  ]);
  expect(
    (await shown({ failedReason: { beginning: 'attempts Error: see hunt', bytes: 900 } })).failedReason,
  ).toBe('Error: see  (attempts) ... truncated, 900 bytes in all');
  expect((await shown({ failedReason: { bytes: 900 } })).failedReason).toBe(
    '... truncated, 900 bytes in all',
  );
  const lines = await toShownLines(['12345', 'six and more words', 'x'], 10);
  expect(lines).toEqual(['12345', 'six a ... truncated, 18 bytes in all', '... truncated, 1 bytes in all']);
});

import { Logger } from '@nestjs/common';
import { JobEventLog } from './job-event.log.js';
import { JobEvents } from './job-event.stream.js';
import type { LockLostCause } from '../contract/lock-lost-cause.js';

const reports = { jobs: true, idleHandlers: true };

it('writes no control byte, bidirectional mark or line break of a name, id or message, and cuts long names', () => {
  const lines: string[] = [];
  const write = (message: string) => void lines.push(message);
  Logger.overrideLogger({ log: write, error: write, warn: write });
  try {
    const events = new JobEvents();
    expect(new JobEventLog(events, { reports })).toBeDefined();
    const hostile = 'a\u001b]0;owned\u0007\nb\u202ec\u2028d\u009b2J';
    const job = {
      id: hostile,
      name: `${'n'.repeat(300)}${hostile}`,
      queue: hostile,
      attempt: 1,
      maxAttempts: 1,
    };
    events.emit('dead', () => ({
      ...job,
      waitMs: 1,
      runMs: 1,
      reason: 'attempts',
      error: { name: hostile, message: hostile, code: hostile },
    }));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
    expect(lines[0]).toContain(`${'n'.repeat(117)}... `);
    expect(lines[0]).not.toContain('n'.repeat(118));
  } finally {
    Logger.overrideLogger(false);
  }
});

it('tells of locks that are lost at once in one line for each cause, and blames nobody else', async () => {
  const lines: string[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (line: string) => void lines.push(line),
  });
  try {
    const events = new JobEvents();
    expect(new JobEventLog(events, { reports })).toBeDefined();
    const lose = (id: string, cause: LockLostCause) =>
      events.emit('lock-lost', () => ({
        id,
        name: 'mail',
        queue: 'default',
        cause,
        connectionLost: cause === 'disconnected',
      }));
    for (const id of ['1', '2', '3']) lose(id, 'refused');
    lose('4', 'disconnected');
    lose('5', 'unanswered');
    await Promise.resolve();
    lose('6', 'late');
    await Promise.resolve();
    const start = 'another worker has taken it, as';
    expect(lines).toEqual([
      `lock-lost mail 1 in default: ${start} Redis refused to renew its lock, and 2 more: 2, 3`,
      `lock-lost mail 4 in default: ${start} the connection to Redis was lost while it ran: an outage, a restart or a failover`,
      `lock-lost mail 5 in default: ${start} Redis did not answer the renewal of its lock in time`,
      `lock-lost mail 6 in default: ${start} this one did not renew its lock in time`,
    ]);
  } finally {
    Logger.overrideLogger(false);
  }
});

it('writes a line of its own for every event, at the level that it deserves', () => {
  const lines: string[] = [];
  const at = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  Logger.overrideLogger({ log: at('log'), error: at('error'), warn: at('warn'), debug: at('debug') });
  try {
    const events = new JobEvents();
    expect(new JobEventLog(events, { reports })).toBeDefined();
    const job = { id: '1', name: 'mail', queue: 'default' };
    const attempt = { ...job, attempt: 1, maxAttempts: 3, waitMs: 5 };
    const slot = { ...job, schedule: 'nightly', slot: new Date('2030-01-01T00:00:00Z') };
    events.emit('enqueued', () => ({ ...job, status: 'duplicate' }));
    events.emit('started', () => attempt);
    events.emit('completed', () => ({ ...attempt, runMs: 7 }));
    events.emit('postponed', () => ({ ...attempt, waitMs: undefined, runMs: 7 }));
    events.emit('retrying', () => ({
      ...attempt,
      runMs: 7,
      delayMs: 50,
      error: { name: 'TypeError', message: 'no' },
    }));
    events.emit('missed', () => slot);
    events.emit('skipped', () => ({ ...slot, reason: 'covered' }));
    events.emit('cancelled', () => ({ ...job, was: 'waiting' }));
    events.emit('stalled', () => job);
    events.emit('data-missing', () => job);
    events.emit('handed-back', () => job);
    events.emit('blocked', () => ({ ...job, blockedMs: 31_240, lockMs: 30_000, handlers: ['mail'] }));
    events.emit('blocked', () => ({ ...job, blockedMs: 100, lockMs: 30, handlers: ['a', 'b'] }));
    expect(lines).toEqual([
      'debug enqueued mail 1 in default: duplicate',
      'log started mail 1 in default: attempt 1 of 3',
      'log completed mail 1 in default: attempt 1 of 3, waited 5 ms, ran 7 ms',
      'log postponed mail 1 in default: attempt 1 of 3, ran 7 ms',
      'warn retrying mail 1 in default: in 50 ms, attempt 1 of 3, waited 5 ms, ran 7 ms, TypeError: no',
      'warn missed mail 1 in default: the slot 2030-01-01T00:00:00.000Z of the schedule nightly did not run',
      'log skipped mail 1 in default: the schedule nightly: covered',
      'log cancelled mail 1 in default: was waiting',
      'warn stalled mail 1 in default: its worker gave no sign of life',
      'error data-missing mail 1 in default: its data is not in Redis. Was it deleted, or evicted?',
      'log handed-back mail 1 in default: its worker shuts down',
      expect.stringMatching(
        /^warn blocked .*: worker blocked for 31.2 s by mail, longer than lockDuration 30 s/,
      ),
      expect.stringMatching(/^warn blocked .* by one of a, b, longer/),
    ]);
  } finally {
    Logger.overrideLogger(false);
  }
});

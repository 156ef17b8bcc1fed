import { Logger } from '@nestjs/common';
import { JobEventLog } from './job-event.log.js';
import { JobEvents } from './job-event.stream.js';

it('writes no control byte, bidirectional mark or line break of a name, id or message, and cuts long names', () => {
  const lines: string[] = [];
  const write = (message: string) => void lines.push(message);
  Logger.overrideLogger({ log: write, error: write, warn: write });
  try {
    const events = new JobEvents();
    expect(new JobEventLog(events)).toBeDefined();
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

it('names the loss of the connection as the cause of a lost lock where it was one', () => {
  const lines: string[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (line: string) => void lines.push(line),
  });
  try {
    const events = new JobEvents();
    expect(new JobEventLog(events)).toBeDefined();
    const job = { id: '1', name: 'mail', queue: 'default' };
    events.emit('lock-lost', () => ({ ...job, connectionLost: true }));
    events.emit('lock-lost', () => ({ ...job, connectionLost: false }));
    expect(lines[0]).toContain('The connection to Redis was lost while it ran');
    expect(lines[0]).not.toContain('paused');
    expect(lines[1]).toContain('did not renew its lock in time');
  } finally {
    Logger.overrideLogger(false);
  }
});

import { JobEvents } from '../observability/job-event.stream.js';
import { JobCounters } from './job.counters.js';

const ended = (queue: string) => ({
  id: '1',
  name: 'act',
  queue,
  attempt: 1,
  maxAttempts: 2,
  runMs: 1,
  error: { name: 'Error', message: '' },
  reason: 'attempts' as const,
  delayMs: 1,
});

it('counts by queue how jobs ended, whatever the queue is called', () => {
  const events = new JobEvents();
  const tally = new JobCounters(events);
  expect(tally.byQueue()).toEqual([]);
  for (const queue of ['mail', 'mail', '__proto__']) events.emit('completed', () => ended(queue));
  events.emit('dead', () => ended('mail'));
  events.emit('retrying', () => ended('constructor'));
  events.emit('started', () => ended('slow'));
  expect(tally.byQueue()).toEqual([
    { queue: 'mail', completed: 2, dead: 1, retried: 0 },
    { queue: '__proto__', completed: 1, dead: 0, retried: 0 },
    { queue: 'constructor', completed: 0, dead: 0, retried: 1 },
  ]);
  expect(tally.total()).toEqual({ completed: 3, dead: 1, retried: 1 });
});

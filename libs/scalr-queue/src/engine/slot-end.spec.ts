import { endedWithoutRun, slotEndOf } from './slot-end.js';

it.each(['missed', 'covered', 'paused', 'removed', 'changed'] as const)(
  'of a slot that did not run is read back as it was written: %s',
  (end) => expect(slotEndOf(JSON.parse(JSON.stringify(endedWithoutRun(end))))).toBe(end),
);

it.each([undefined, null, 'missed', 7, {}, [], { end: 'missed' }, { '$scalr-queue:slot': 'later' }])(
  'is not there for a job that returned %o',
  (result) => expect(slotEndOf(result)).toBeUndefined(),
);

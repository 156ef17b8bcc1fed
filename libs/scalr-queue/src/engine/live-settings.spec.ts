import { defineJob } from '../contract/job-definition.js';
import { knownDefinition } from './effective-settings.js';
import { LiveSettings } from './live-settings.js';

const app = { defaults: {} };
const live = new LiveSettings(app);
const Mail = defineJob('mail', { expiresIn: '1h', retry: { attempts: 3 }, timeout: '1m' });
const job = { timestamp: 1_000, opts: { delay: 500 } };

describe('what a run goes by', () => {
  it('is what the definition says now, but for what the call gave', () => {
    expect(live.expiryOf(Mail, job, { expiresAt: 7, expiresBy: 'definition' })).toBe(3_601_500);
    expect(live.expiryOf(Mail, job, { expiresAt: 7 })).toBe(7);
    expect(live.expiryOf(Mail, job, { scheduledFor: 2_000 })).toBe(3_602_000);
    expect(live.expiryOf(defineJob('none'), job, { expiresAt: 7, expiresBy: 'definition' })).toBeUndefined();
    expect(live.timeoutOf(Mail, {})).toBe(60_000);
    expect(live.timeoutOf(Mail, { timeout: 5 })).toBe(5);
    expect(live.retryOf(Mail, {}).attempts).toBe(3);
  });

  it('is what it said when the job was enqueued, where nobody knows the definition', () => {
    expect(live.expiryOf(undefined, job, { expiresAt: 7, expiresBy: 'definition' })).toBe(7);
    expect(live.expiryOf(undefined, job, {})).toBeUndefined();
  });

  it('is no expiry for a slot that runs late on purpose', () => {
    const slot = { schedule: 'nightly', missed: 'once' } as const;
    expect(live.expiryOf(Mail, job, { expiresAt: 7, slot })).toBeUndefined();
    expect(live.expiryOf(undefined, job, { expiresAt: 7, slot })).toBeUndefined();
  });

  it('is the newest definition of a name, app by app', () => {
    const Newer = defineJob('mail', { retry: { attempts: 4 } });
    live.timeoutOf(Newer, {});
    expect(knownDefinition('mail', app)).toBe(Newer);
    expect(knownDefinition('mail', { defaults: {} })).toBeUndefined();
    expect(knownDefinition('other', app)).toBeUndefined();
  });
});
